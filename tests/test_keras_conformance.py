"""What Keras documents of a model, held against all that learn networks."""

import copy
import csv
import functools
import io
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import ssah
import uch
import ugach
from common.hamming import codes as hamming_codes
from common.models import schedules
from experiments.baselines.deep import acmr_model
from experiments.baselines.deep import dcmh_model
from tests import conftest

BITS = 8
# Makes a small model, and how many epochs half of its training has.
MODELS = {
    "ugach": functools.partial(
        ugach.UGACH,
        bits=BITS,
        hidden_units=12,
        graph_size=3,
        batch_size=60,
        pretrain_epochs=1,
        epochs=2,
        decay_epochs=1,
        # Both players alternate, and what is drawn follows the step.
        alternation="epoch",
        negatives="sampled",
        generator_gradient="sampled",
    ),
    "uch": functools.partial(
        uch.UCH,
        bits=BITS,
        text_feature_units=10,
        outer_hidden_units=12,
        representation_units=9,
        inner_hidden_units=11,
        outer_discriminator_units=7,
        inner_discriminator_units=6,
        discriminator_outputs=4,
        batch_size=120,
        epochs=4,
        collapse_grace_epochs=99,
    ),
    "ssah": functools.partial(
        ssah.SSAH,
        bits=BITS,
        feature_units=10,
        label_hidden_units=12,
        text_hidden_units=14,
        discriminator_first_units=9,
        discriminator_second_units=6,
        response_normalization=True,
        batch_size=60,
        rounds=2,
        first_labnet_epochs=1,
    ),
    "dcmh": functools.partial(
        dcmh_model.DCMHModel,
        bits=BITS,
        image_hidden_units=12,
        text_hidden_units=12,
        batch_size=60,
        epochs=2,
        learning_rate=1e-2,
    ),
    "acmr": functools.partial(
        acmr_model.ACMRModel,
        bits=BITS,
        image_hidden_units=12,
        text_hidden_units=12,
        batch_size=60,
        epochs=4,
        learning_rate=1e-2,
    ),
}
# In the middle of a round, where there is one.
HALF = 3


@pytest.fixture(params=MODELS)
def method(request):
    return request.param


@pytest.fixture
def make(method):
    """Makes a small compiled model of one method; same seed, same weights."""

    def make(**kwargs):
        model = MODELS[method](**kwargs)
        model.compile(run_eagerly=True)
        return model

    return make


@pytest.fixture(scope="module")
def items():
    return conftest.clustered(count=120)


def _fit(model, items, **kwargs):
    return model.fit(items, verbose=0, **kwargs)


def _state(model):
    """Weights and the state of every player's optimizer, by path."""
    found = [weight.numpy() for weight in model.weights]
    for optimizer in model.optimizers.values():
        found += [variable.numpy() for variable in optimizer.variables]
    return found


def _assert_same(one, other):
    for first, second in zip(_state(one), _state(other), strict=True):
        np.testing.assert_array_equal(first, second)


def _differ(one, other):
    return any(
        (first != second).any()
        for first, second in zip(_state(one), _state(other), strict=True)
    )


def test_fit_trains_the_whole_schedule_and_returns_its_history(make, items):
    model = make()

    history = _fit(model, items)

    assert isinstance(history, keras.callbacks.History)
    assert history.epoch == list(range(model.schedule_epochs))
    losses = [
        values for name, values in history.history.items() if "loss" in name
    ]
    assert len(losses) >= 2
    assert np.isfinite(np.concatenate(losses)).all()
    assert model.finished_epochs == model.schedule_epochs


def test_fit_validates_as_often_as_it_is_told(make, items):
    parts = items[:30], items[30:]

    history = _fit(
        make(), items, epochs=4, validation_data=parts, validation_freq=2
    )

    assert len(history.history["val_map_i2t"]) == 2
    named = _fit(
        make(), items, epochs=4, validation_data=parts, validation_freq=[1, 4]
    )
    assert len(named.history["val_map_t2i"]) == 2
    assert 0 < named.history["val_map_t2i"][-1] <= 1


def test_a_fit_in_two_parts_is_a_fit_in_one(make, items):
    whole, parts, again = make(), make(), make()
    _fit(whole, items)

    _fit(parts, items, epochs=HALF)
    assert _differ(whole, parts)
    history = _fit(parts, items)
    _fit(again, items, epochs=HALF)
    _fit(again, items, initial_epoch=HALF)

    assert history.epoch == list(range(HALF, whole.schedule_epochs))
    _assert_same(whole, parts)
    _assert_same(whole, again)


def test_a_finished_model_trains_on_only_when_it_is_told(make, items):
    model = make()
    _fit(model, items)
    total = model.schedule_epochs

    assert _fit(model, items).epoch == []
    assert _fit(model, items, epochs=total + 1).epoch == [total]


def test_steps_and_batches_are_as_many_as_are_asked_for(make, items):
    counts = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: counts.append(batch)
    )

    _fit(make(), items, epochs=2, steps_per_epoch=1, callbacks=[count])
    _fit(make(), items, epochs=1, batch_size=24, callbacks=[count])

    assert counts == [0, 0, 0, 1, 2, 3, 4]


def test_a_saved_model_goes_on_as_if_nothing_had_happened(
    make, items, tmp_path
):
    whole, half = make(), make()
    _fit(whole, items)
    _fit(half, items, epochs=HALF)
    half.save(tmp_path / "half.keras")

    loaded = keras.models.load_model(tmp_path / "half.keras")
    assert type(loaded) is type(half)
    assert loaded.config == half.config
    _assert_same(loaded, half)
    _fit(loaded, items)

    _assert_same(loaded, whole)


def test_a_finished_model_is_saved_with_its_codes(make, items, tmp_path):
    model = make(seed=3)
    _fit(model, items, epochs=2)
    expected = model.predict(items)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")

    found = keras.models.load_model(tmp_path / "model.keras").predict(items)
    other = make(seed=4)
    other.prepare(items)
    other.load_weights(tmp_path / "model.weights.h5")

    for name in ("image", "text"):
        np.testing.assert_array_equal(found[name], expected[name])
        np.testing.assert_array_equal(
            other.predict(items)[name], expected[name]
        )


def test_the_settings_make_an_equal_model(make, items):
    model = make(seed=5, name="mine")

    clone = keras.models.clone_model(model)
    from_json = type(model).from_config(
        json.loads(json.dumps(model.get_config()))
    )

    for other in (clone, from_json):
        assert other.get_config() == model.get_config()
        other.compile(run_eagerly=True)
    model.prepare(items)
    clone.prepare(items)
    _assert_same(model, clone)


def test_every_part_is_serializable(make, items):
    model = make()
    model.prepare(items)
    parts = [
        layer
        for layer in model._flatten_layers(include_self=False)
        if not isinstance(layer, keras.layers.InputLayer)
    ]
    parts += [
        value
        for name, value in vars(model).items()
        if name.endswith("objective")
    ]
    parts += list(model.optimizers.values())
    assert len(parts) > 6

    for part in parts:
        written = json.loads(
            json.dumps(keras.saving.serialize_keras_object(part))
        )
        # Keras changes what it reads.
        read = keras.saving.deserialize_keras_object(copy.deepcopy(written))
        assert type(read) is type(part)
        again = keras.saving.serialize_keras_object(read)
        assert json.loads(json.dumps(again)) == written


def test_a_schedule_is_serializable():
    schedule = schedules.StepDecay(0.1, 10, 0.5, 0.01, 0.2, 3)

    read = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(schedule)
    )

    rates = [[float(one(s)) for s in range(40)] for one in (schedule, read)]
    assert rates[0] == rates[1]


def test_calls_give_relaxed_codes_and_predict_packed_ones(make, items):
    model = make()
    model.prepare(items)
    inputs = {
        "image": items.image[:7],
        # Integers, as bags of words are stored.
        "text": items.text[:7],
    }

    relaxed = model(inputs)
    packed = model.predict(items[:7])

    for name, values in inputs.items():
        assert relaxed[name].dtype == "float32"
        shape = model.compute_output_shape({name: values.shape})
        assert shape == {name: tuple(relaxed[name].shape)} == {name: (7, BITS)}
        assert list(model({name: values})) == [name]
        bits = relaxed[name].numpy() >= model.threshold
        expected = hamming_codes.PackedCodes(packed[name], BITS).to_bits()
        np.testing.assert_array_equal(bits, expected)
        alone = model.predict({name: values})
        assert list(alone) == [name]
        np.testing.assert_array_equal(alone[name], packed[name])


def test_evaluate_gives_names_or_a_list(make, items):
    model = make()
    model.prepare(items)

    named = model.evaluate(
        items[:30], database=items[30:], return_dict=True, verbose=0
    )
    listed = model.evaluate(items[:30], database=items[30:], verbose=0)

    assert list(named.values()) == listed
    assert {"map_i2t", "map_t2i", "bit_balance_image"} <= set(named)


def test_a_data_set_of_tensorflow_trains_as_its_arrays_do(make, items):
    arrays = {
        "image": items.image,
        "text": items.text,
        "labels": items.labels,
    }
    single = tf.data.Dataset.from_tensor_slices(arrays)
    trained = make()
    _fit(trained, items, epochs=2)

    for given in (arrays, single, single.batch(7)):
        model = make()
        _fit(model, given, epochs=2)
        _assert_same(model, trained)
        assert len(model.predict(given)["text"]) == len(items)


def test_keras_callbacks_work_unchanged(make, items, tmp_path):
    model = make()
    best = tmp_path / "best.keras"
    callbacks = [
        keras.callbacks.ModelCheckpoint(
            best, monitor="val_map_i2t", mode="max", save_best_only=True
        ),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.TensorBoard(tmp_path / "logs"),
        keras.callbacks.TerminateOnNaN(),
        # No MAP grows by 2.
        keras.callbacks.EarlyStopping(
            "val_map_i2t", mode="max", min_delta=2.0, patience=1
        ),
    ]

    history = _fit(
        model,
        items,
        validation_data=(items[:30], items[30:]),
        callbacks=callbacks,
    )

    assert history.epoch == [0, 1]
    with open(tmp_path / "log.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    reached = history.history["val_map_i2t"]
    assert [float(row["val_map_i2t"]) for row in rows] == reached
    assert list((tmp_path / "logs/train").iterdir())
    assert list((tmp_path / "logs/validation").iterdir())
    saved = keras.models.load_model(best)
    assert saved.finished_epochs == 1 + int(np.argmax(reached))
    scores = saved.evaluate(
        items[:30], database=items[30:], return_dict=True, verbose=0
    )
    assert scores["map_i2t"] == max(reached)


def test_a_killed_run_is_restored_from_its_backup(make, items, tmp_path):
    class Killed(Exception):
        pass

    def kill(epoch, logs=None):
        if epoch == HALF:
            raise Killed

    whole = make()
    _fit(whole, items)
    with pytest.raises(Killed):
        _fit(
            make(),
            items,
            callbacks=[
                keras.callbacks.BackupAndRestore(tmp_path),
                keras.callbacks.LambdaCallback(on_epoch_begin=kill),
            ],
        )

    resumed = make()
    history = _fit(
        resumed, items, callbacks=[keras.callbacks.BackupAndRestore(tmp_path)]
    )

    assert history.epoch == list(range(HALF, whole.schedule_epochs))
    _assert_same(whole, resumed)


def test_optimizers_are_the_settings_one_for_all_or_one_each(make, items):
    model = make()
    names = list(model.player_names)
    model.compile("sgd", run_eagerly=True)
    model.prepare(items)
    kinds = {type(one) for one in model.optimizers.values()}
    assert kinds == {keras.optimizers.SGD}
    assert len({id(one) for one in model.optimizers.values()}) == len(names)

    model.compile({name: keras.optimizers.Adam(0.1) for name in names})
    assert list(model.optimizers) == names
    model.compile()
    assert model.optimizers == {}
    model.prepare(items)
    assert list(model.optimizers) == names
    with pytest.raises(ValueError, match=f"needed for {names[0]}.*for other"):
        model.compile({"other": "adam"})


def test_the_summary_tells_the_players(make, items):
    model = make()
    model.prepare(items)
    text = io.StringIO()

    model.summary(print_fn=lambda line: print(line, file=text))

    for name, variables in model.players.items():
        count = sum(int(np.prod(v.shape)) for v in variables)
        assert f"Player {name}: {count:,} weights" in text.getvalue()
    assert "Total params" in text.getvalue()


def test_an_exported_model_needs_nothing_of_this_project(make, items, tmp_path):
    model = make()
    model.prepare(items)

    model.export(tmp_path / "saved")

    loaded = tf.saved_model.load(tmp_path / "saved")
    found = loaded.signatures["encode_text"](
        text=tf.constant(items.text, tf.float32)
    )
    np.testing.assert_array_equal(found["packed"], model.predict(items)["text"])


def test_what_is_not_compiled_or_not_built_says_so(make, items):
    model = make()
    with pytest.raises(ValueError, match="compile"):
        type(model)().fit(items)
    with pytest.raises(ValueError, match="Call `fit`|call `fit`"):
        model({"image": items.image[:2]})
    with pytest.raises(ValueError, match="not as `y`"):
        model.fit(items, items.labels)
    with pytest.raises(TypeError, match="Items are a CrossModalData"):
        model.fit(items.image)
    endless = tf.data.Dataset.from_tensor_slices(
        {"image": items.image, "text": items.text}
    ).repeat()
    with pytest.raises(ValueError, match="infinite"):
        model.fit(endless)
    with pytest.raises(TypeError, match="no setting 'wings'"):
        type(model)(wings=2)


def _score_after_training(model, items):
    """The mean of both MAPs of a model that has been trained."""
    # So many steps are faster as a graph.
    model.compile(jit_compile=False)
    # The first steps of float16 look for a scale, and so move nothing; a few
    # steps of UCH leave each bit where the last digit puts it.
    slow = isinstance(model, uch.UCH | acmr_model.ACMRModel)
    longer = {"epochs": 20, "batch_size": 30} if slow else {}
    history = _fit(model, items, **longer).history
    assert all(np.isfinite(values).all() for values in history.values())
    scores = model.evaluate(
        items[:30], database=items[30:], return_dict=True, verbose=0
    )
    return (scores["map_i2t"] + scores["map_t2i"]) / 2


@functools.cache
def _in_full_precision(method):
    model = MODELS[method]()
    return model, _score_after_training(model, conftest.clustered(count=120))


@pytest.mark.parametrize("policy", ("mixed_bfloat16", "mixed_float16"))
def test_half_precision_computes_in_half_and_learns(
    method, make, items, policy
):
    plain, reached = _in_full_precision(method)
    mixed = make(dtype=policy)

    assert abs(_score_after_training(mixed, items) - reached) < 0.01

    assert _differ_in_weights(plain, mixed)
    assert all(v.dtype == "float32" for v in mixed.trainable_weights)
    inner = [
        layer
        for layer in mixed._flatten_layers(include_self=False)
        if isinstance(layer, keras.layers.Dense)
    ]
    assert {layer.compute_dtype for layer in inner} == {policy[6:]}
    scaled = {
        isinstance(one, keras.optimizers.LossScaleOptimizer)
        for one in mixed.optimizers.values()
    }
    assert scaled == {policy == "mixed_float16"}


def _differ_in_weights(one, other):
    return any(
        (first.numpy() != second.numpy()).any()
        for first, second in zip(one.weights, other.weights, strict=True)
    )


@pytest.fixture(scope="module")
def saved(items, tmp_path_factory):
    """A folder with NAME.keras of each of our methods, and their classes."""
    folder = tmp_path_factory.mktemp("saved")
    classes = {}
    for name in ("ugach", "uch", "ssah"):
        model = MODELS[name]()
        model.compile(run_eagerly=True)
        _fit(model, items, epochs=1)
        model.save(folder / f"{name}.keras")
        classes[name] = type(model).__name__
    return folder, classes


@pytest.mark.parametrize("order", ("keras, {}", "{}, keras"))
def test_a_new_process_loads_models_without_custom_objects(saved, order):
    folder, classes = saved
    program = (
        f"import {order.format('ugach, uch, ssah')}\n"
        f"for name in {list(classes)}:\n"
        f"    path = {str(folder)!r} + '/' + name + '.keras'\n"
        "    print(type(keras.models.load_model(path)).__name__)\n"
    )

    finished = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )

    assert finished.stdout.split() == list(classes.values())
