"""What Keras users do out of habit: callbacks, arguments, copies."""

import copy
import functools
import io
import pickle

import keras
import numpy as np
import pytest

import uch
import ugach
from common.models import arguments
from tests import conftest
from tests import test_keras_conformance as conformance
from uch import collapse


@pytest.fixture(params=("ugach", "uch", "ssah"))
def make(request):
    """Makes a small compiled model of one method; same seed, same weights."""

    def make(optimizer=None, **kwargs):
        model = conformance.MODELS[request.param]()
        model.compile(optimizer, run_eagerly=True, **kwargs)
        return model

    return make


@pytest.fixture(scope="module")
def items():
    return conftest.clustered(count=120)


@pytest.fixture(params=("ugach", "uch", "ssah"))
def model(request):
    return conformance.MODELS[request.param]()


def _fit(model, items, **kwargs):
    return model.fit(items, verbose=0, **kwargs)


def _rates(model):
    return [float(one.learning_rate) for one in model.optimizers.values()]


def test_callbacks_change_the_learning_rate_of_every_player(make, items):
    model = make(keras.optimizers.Adam(1e-3))
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    # No MAP grows by 2: the third epoch is one too many.
    reduce = keras.callbacks.ReduceLROnPlateau(
        "val_map_i2t", mode="max", min_delta=2.0, patience=2, factor=0.1
    )

    logs = _fit(
        model,
        items,
        epochs=3,
        validation_data=(items[:30], items[30:]),
        callbacks=[halve, reduce],
    ).history

    np.testing.assert_allclose(_rates(model), 1e-3 / 8 / 10, rtol=1e-5)
    for name in model.player_names:
        one = len(model.player_names) == 1
        logged = logs["learning_rate" if one else f"learning_rate_{name}"]
        # The scheduler's entry of the last epoch comes before the reduction.
        np.testing.assert_allclose(logged[:2], [5e-4, 2.5e-4], rtol=1e-5)


def test_rates_that_the_settings_schedule_are_not_to_be_set(items):
    model = conformance.MODELS["ugach"]()
    model.compile(run_eagerly=True)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)

    with pytest.raises(TypeError, match="LearningRateSchedule"):
        _fit(model, items, epochs=1, callbacks=[halve])


def test_the_optimizer_is_that_of_the_player_or_of_all(make, items):
    model = make()
    assert model.optimizer is None
    model.prepare(items)

    own = list(model.optimizers.values())
    assert model.optimizer is own[0] or model.optimizer.optimizers == own
    assert model.optimizer.built
    _fit(model, items, epochs=1)
    done = sum(int(one.iterations) for one in own)
    assert int(model.optimizer.iterations) == done > 0
    assert len(model.optimizer.variables) == sum(len(o.variables) for o in own)


def test_the_best_weights_come_back(make, items):
    model = make()
    kept = []
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append(model.get_weights())
    )
    stop = keras.callbacks.EarlyStopping(
        "val_map_i2t",
        mode="max",
        min_delta=2.0,
        patience=1,
        restore_best_weights=True,
    )

    history = _fit(
        model,
        items,
        validation_data=(items[:30], items[30:]),
        callbacks=[keep, stop],
    )

    assert history.epoch == [0, 1]
    for found, best in zip(model.get_weights(), kept[0], strict=True):
        np.testing.assert_array_equal(found, best)


def test_a_loss_that_is_no_number_ends_the_training(make, items):
    model = make()

    def spoil(epoch, logs):
        if epoch == 1:
            for weights in model.trainable_weights:
                weights.assign(np.full(weights.shape, np.nan))

    watch = [
        keras.callbacks.LambdaCallback(on_epoch_begin=spoil),
        keras.callbacks.TerminateOnNaN(),
    ]
    if isinstance(model, uch.UCH):
        # It looks itself, at the end of every epoch.
        with pytest.raises(collapse.CollapseError, match="diverged by epoch 2"):
            _fit(model, items, callbacks=watch)
        assert model.stop_training
        return
    history = _fit(model, items, callbacks=watch)

    assert history.epoch == [0, 1]
    first, second = history.history["loss"]
    assert np.isfinite(first)
    assert np.isnan(second)


def test_the_loss_is_the_sum_of_all(make, items):
    logs = _fit(make(), items, epochs=2).history

    parts = [
        values
        for name, values in logs.items()
        if name.endswith("_loss") and len(values) == 2
    ]
    if parts:
        np.testing.assert_allclose(logs["loss"], np.sum(parts, 0), rtol=1e-5)
    assert len(logs["loss"]) == 2


def test_callbacks_see_every_batch_and_epoch(make, items):
    seen = []

    def note(name):
        return lambda number, logs: seen.append((name, number))

    watch = keras.callbacks.LambdaCallback(
        on_epoch_begin=note("epoch"),
        on_train_batch_begin=note("batch"),
        on_train_batch_end=note("batch done"),
        on_epoch_end=note("epoch done"),
    )

    _fit(make(), items, epochs=1, steps_per_epoch=2, callbacks=[watch])

    assert seen == [
        ("epoch", 0),
        ("batch", 0),
        ("batch done", 0),
        ("batch", 1),
        ("batch done", 1),
        ("epoch done", 0),
    ]


def test_a_callback_may_stop_within_an_epoch(make, items):
    model = make()
    count = []

    def stop(batch, logs):
        count.append(batch)
        model.stop_training = True

    watch = keras.callbacks.LambdaCallback(on_train_batch_end=stop)

    assert _fit(model, items, callbacks=[watch]).epoch == [0]
    assert count == [0]


@pytest.mark.parametrize("name", ["ugach", "ssah"])
def test_several_steps_at_once_are_the_same_steps(name, items):
    trained, counts = [], []
    for size in (1, 3):
        model = conformance.MODELS[name](batch_size=30)
        model.compile(steps_per_execution=size, jit_compile=False)
        seen = []
        watch = keras.callbacks.LambdaCallback(
            on_train_batch_begin=lambda batch, logs, seen=seen: seen.append(
                batch
            ),
            on_train_batch_end=lambda batch, logs, seen=seen: seen.append(
                batch
            ),
        )
        # Four batches: three at once and the last alone.
        _fit(model, items, epochs=2, callbacks=[watch])
        trained.append(model)
        counts.append(seen[: len(seen) // 2])

    assert counts == [[0, 0, 1, 1, 2, 2, 3, 3], [0, 2, 3, 3]]
    for one, other in zip(*(m.get_weights() for m in trained), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    config = trained[1].get_compile_config()
    assert config["steps_per_execution"] == 3
    trained[0].compile_from_config(config)
    assert trained[0].steps_per_execution == 3


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("fit", {"class_weight": {0: 2.0}}, "weight none"),
        ("fit", {"sample_weight": np.ones(3)}, "weight none"),
        ("fit", {"validation_split": 0.2}, "random_split"),
        ("fit", {"shuffle": False}, "`seed`"),
        ("compile", {"loss": "mse"}, "the method's own"),
        ("compile", {"metrics": ["accuracy"]}, "`evaluate`"),
        ("evaluate", {"steps": 3}, "give fewer"),
        ("predict", {"steps": 3}, "give fewer"),
        ("fit", {"wings": 2}, "no argument 'wings'"),
    ],
)
def test_what_means_nothing_here_says_what_to_do(method, given, message):
    with pytest.raises(TypeError, match=message):
        arguments.refuse(method, given)


def test_what_changes_nothing_passes(items):
    model = conformance.MODELS["acmr"]()

    model.compile(loss=None, metrics=None, run_eagerly=True)
    history = _fit(
        model,
        items,
        epochs=1,
        shuffle=True,
        class_weight=None,
        validation_split=0.0,
    )
    model.evaluate(items, batch_size=7, verbose=0)

    assert history.epoch == [0]


def test_the_methods_refuse_what_they_do_not_take(model, items):
    with pytest.raises(TypeError, match="`compile` takes no `loss`"):
        model.compile(loss="mse")
    model.compile(run_eagerly=True)
    with pytest.raises(TypeError, match="`fit` takes no `class_weight`"):
        model.fit(items, class_weight={0: 1.0})
    with pytest.raises(ValueError, match="`batch_size` .* received 0"):
        model.fit(items, batch_size=0)
    with pytest.raises(ValueError, match="`epochs` .* received 1.5"):
        model.fit(items, epochs=1.5)
    with pytest.raises(ValueError, match="two sets of items; received Subset"):
        _fit(model, items, validation_data=items[:30])
    with pytest.raises(NotImplementedError, match="call `fit`"):
        model.train_on_batch({"image": items.image})
    with pytest.raises(NotImplementedError, match="call `evaluate`"):
        model.test_on_batch({"image": items.image})
    with pytest.raises(TypeError, match="`evaluate` takes no `steps`"):
        model.evaluate(items, steps=1)
    with pytest.raises(ValueError, match="saved as a .keras file"):
        model.save("model.h5")
    with pytest.raises(TypeError, match="A call takes a dictionary"):
        model(items.image)


def test_a_player_that_cannot_learn_is_told(model, items):
    model.compile(run_eagerly=True)
    model.prepare(items)
    model.trainable = False

    with pytest.raises(ValueError, match="has no trainable weights"):
        _fit(model, items)

    assert model.finished_epochs == 0


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copy_goes_on_as_the_model_does(make, items, copied):
    model = make()
    _fit(model, items, epochs=1)

    other = copied(model)
    assert other.finished_epochs == 1
    _fit(other, items, epochs=2)
    _fit(model, items, epochs=2)

    conformance._assert_same(model, other)


def test_layers_and_weights_are_where_keras_has_them(make, items):
    model = make()
    model.prepare(items)

    for layer in model.layers:
        assert model.get_layer(layer.name) is layer
    count = sum(int(np.prod(w.shape)) for w in model.weights)
    assert model.count_params() == count
    text = io.StringIO()
    model.summary(
        expand_nested=True, print_fn=functools.partial(print, file=text)
    )
    # Keras' total counts the optimizers, too.
    own = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert f"Trainable params: {own:,}" in text.getvalue()
    inputs = {"image": items.image[:7], "text": items.text[:7]}
    for name, found in model.predict_on_batch(inputs).items():
        np.testing.assert_allclose(found, model(inputs)[name], atol=1e-6)


def test_the_models_seed_and_no_other_decides(make, items):
    weights = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = make()
        _fit(model, items, epochs=1)
        weights.append(model.get_weights())

    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_silent_training_prints_nothing(make, items, capsys):
    _fit(make(), items, epochs=1)

    assert capsys.readouterr().out == ""


def test_the_graph_is_shown_where_lines_are(items, capsys):
    model = ugach.UGACH(bits=4, hidden_units=4, batch_size=60, graph_size=3)
    model.compile(run_eagerly=True)

    model.fit(items, epochs=1, verbose=2)

    assert "Correlation graph" in capsys.readouterr().out
