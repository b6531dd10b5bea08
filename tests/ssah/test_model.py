import keras
import numpy as np
import pytest
import tensorflow as tf

from common.data import draws
from common.data import pipeline
from common.hamming import codes
from common.reports import export
from common.runs import encoding
from common.runs import exported
from ssah import losses
from ssah import model as ssah_model
from ssah import networks
from ssah import objective

BITS, LABELS, BATCH = 6, 3, 16
PARTS = {
    "labnet": ("labnet",),
    "imgnet": ("imgnet",),
    "txtnet": ("txtnet",),
    "discriminators": ("image_discriminator", "text_discriminator"),
}
INPUTS = {"labnet": "labels", "imgnet": "image", "txtnet": "text"}
JUDGES = {"imgnet": "image_discriminator", "txtnet": "text_discriminator"}
NOTHING = {
    "feature_pair_weight": 0.0,
    "hash_pair_weight": 0.0,
    "quantization_weight": 0.0,
    "classification_weight": 0.0,
}


def _model(data, rate=0.5, has_labnet=True, joint=True, bits=BITS, **settings):
    model = ssah_model.SSAH(
        bits=bits,
        labnet=has_labnet,
        quantization_target="joint" if joint else "own",
        feature_units=7,
        label_hidden_units=8,
        text_hidden_units=9,
        discriminator_first_units=6,
        discriminator_second_units=5,
        multi_scale_levels="paper",
        word_order="vocabulary",
        sum_levels=False,
    )
    model.objective = objective.Objective(**settings)
    model.compile(keras.optimizers.SGD(rate), jit_compile=False)
    model.build(
        {
            "image": (None, *data.image_shape),
            "text": (None, data.text_dim),
            "labels": (None, LABELS),
        }
    )
    return model


@pytest.fixture(scope="module")
def batch(data):
    rows = np.arange(len(data))
    pairs = draws.PairDraws(len(data), BATCH, 0)
    found = pipeline.batches(data, rows, pairs, 0, 1, with_labels=True)
    return next(iter(found))


def _fill_bank(model, data):
    """A bank that LabNet, or else nobody in particular, could have made."""
    rng = np.random.default_rng(0)
    labels = data.labels.astype(np.float32)
    features = rng.random((len(data), 7)).astype(np.float32)
    relaxed = rng.uniform(-1, 1, (len(data), model.bits)).astype(np.float32)
    targets = np.sign(rng.normal(size=relaxed.shape)).astype(np.float32)
    model.set_bank(features, relaxed, targets, labels)


def _weights(model, part):
    return [variable.numpy() for variable in getattr(model, part).variables]


def _all_weights(model):
    names = [part for parts in PARTS.values() for part in parts]
    return {part: _weights(model, part) for part in names}


def _changed(before, model):
    return {
        part
        for part, values in before.items()
        if any(
            (one != other).any()
            for one, other in zip(values, _weights(model, part), strict=True)
        )
    }


def _assert_descended(before, after, gradient, rate):
    for old, new, slope in zip(before, after, gradient, strict=True):
        slope = 0.0 if slope is None else slope.numpy()
        np.testing.assert_allclose(new, old - rate * slope, atol=1e-6)


@pytest.mark.parametrize("phase", PARTS)
def test_each_step_changes_its_own_variables_only(data, batch, phase):
    model = _model(data, adversarial_weight=1.0)
    _fill_bank(model, data)
    # From now on the discriminators have something to say.
    model.phase_steps()["discriminators"](batch)
    before = _all_weights(model)

    model.phase_steps()[phase](batch)

    assert _changed(before, model) == set(PARTS[phase])


def _pairs(batch, bank_labels):
    shared = batch["labels"].numpy() @ np.asarray(bank_labels).T
    return tf.constant((shared > 0).astype(np.float32))


def _mean_terms(outputs, bank, similar, labels, targets):
    """Eqs. (3)-(4) as means, from their printed form."""
    features, relaxed = bank
    total = 0.0
    for one, other in ((outputs.features, features), (outputs.codes, relaxed)):
        theta = tf.einsum("bd,nd->bn", one, other) / 2
        nll = tf.math.log(1 + tf.exp(theta)) - similar * theta
        total += tf.reduce_mean(nll)
    return (
        total
        + 0.5 * tf.reduce_mean((outputs.codes - targets) ** 2)
        + 0.25 * tf.reduce_mean((outputs.labels - labels) ** 2)
    )


@pytest.mark.parametrize("joint", (True, False))
@pytest.mark.parametrize("phase", ("labnet", "imgnet", "txtnet"))
def test_a_network_descends_its_equation(data, batch, phase, joint):
    model = _model(
        data,
        joint=joint,
        quantization_weight=0.5,
        classification_weight=0.25,
    )
    _fill_bank(model, data)
    network = getattr(model, phase)
    before = _weights(model, phase)
    weights = [variable.value for variable in network.trainable_variables]
    with tf.GradientTape() as tape:
        outputs = network(batch[INPUTS[phase]])
        bank, bank_labels = outputs[:2], batch["labels"]
        if phase != "labnet":
            bank = (model.bank.features.value(), model.bank.codes.value())
            bank_labels = data.labels
        targets = np.where(outputs.codes.numpy() >= 0, 1.0, -1.0)
        if joint:
            targets = model.bank.targets.numpy()[batch["index"].numpy()]
        loss = _mean_terms(
            outputs, bank, _pairs(batch, bank_labels), batch["labels"], targets
        )
    gradient = tape.gradient(loss, weights)

    found = model.phase_steps()[phase](batch)

    np.testing.assert_allclose(found[f"{phase}_loss"], loss, rtol=1e-5)
    _assert_descended(before, _weights(model, phase), gradient, 0.5)


@pytest.mark.parametrize("phase", JUDGES)
def test_the_adversarial_gradient_reaches_the_network_and_stops_there(
    data, batch, phase
):
    model = _model(data, adversarial_weight=2.0, **NOTHING)
    _fill_bank(model, data)
    model.phase_steps()["discriminators"](batch)
    network = getattr(model, phase)
    judge = getattr(model, JUDGES[phase])
    before = _all_weights(model)
    weights = [variable.value for variable in network.trainable_variables]
    with tf.GradientTape() as tape:
        # -log sigmoid, the chance to be taken for LabNet.
        fooled = -2.0 * tf.reduce_mean(
            tf.math.log_sigmoid(judge(network.features(batch[INPUTS[phase]])))
        )
    gradient = tape.gradient(fooled, weights)
    norm = tf.linalg.global_norm([g for g in gradient if g is not None])
    assert norm > 1e-3

    found = model.phase_steps()[phase](batch)

    assert _changed(before, model) == {phase}
    name = f"{phase}_adversarial_loss"
    np.testing.assert_allclose(found[name], fooled, rtol=1e-5)
    _assert_descended(before[phase], _weights(model, phase), gradient, 0.5)


def test_labnet_can_play_against_both_discriminators(data, batch):
    model = _model(
        data, adversarial_weight=2.0, labnet_adversarial=True, **NOTHING
    )
    _fill_bank(model, data)
    model.phase_steps()["discriminators"](batch)
    before = _all_weights(model)
    weights = [one.value for one in model.labnet.trainable_variables]
    with tf.GradientTape() as tape:
        features = model.labnet.features(batch["labels"])
        # -log(1 - sigmoid), the chance to be taken for an image or a text.
        fooled = -2.0 * tf.add_n(
            [
                tf.reduce_mean(tf.math.log_sigmoid(-judge(features)))
                for judge in (
                    model.image_discriminator,
                    model.text_discriminator,
                )
            ]
        )
    gradient = tape.gradient(fooled, weights)

    model.phase_steps()["labnet"](batch)

    assert _changed(before, model) == {"labnet"}
    _assert_descended(
        before["labnet"], _weights(model, "labnet"), gradient, 0.5
    )


def test_one_iteration_of_algorithm_1_updates_every_player_in_order(
    data, batch
):
    whole, parts = (_model(data, adversarial_weight=1.0) for _ in range(2))
    for model in (whole, parts):
        _fill_bank(model, data)

    found = whole.phase_steps()["algorithm_1"](batch)

    expected = {}
    for phase in ("labnet", "imgnet", "txtnet", "discriminators"):
        expected |= parts.phase_steps()[phase](batch)
    assert {key: float(value) for key, value in found.items()} == {
        key: float(value) for key, value in expected.items()
    }
    ours, theirs = _all_weights(whole), _all_weights(parts)
    assert _changed(theirs, whole) == set()
    assert ours.keys() == theirs.keys()


@pytest.mark.parametrize("phase", JUDGES)
def test_a_discriminator_that_has_not_learned_is_not_heard(data, batch, phase):
    model = _model(data, adversarial_weight=2.0, **NOTHING)
    _fill_bank(model, data)
    before = _all_weights(model)

    found = model.phase_steps()[phase](batch)

    assert not _changed(before, model)
    assert found[f"{phase}_adversarial_loss"] == 0.0


@pytest.mark.parametrize("has_labnet", (True, False))
def test_discriminators_descend_equation_5(data, batch, has_labnet):
    model = _model(data, has_labnet=has_labnet, discriminator_loss="squares")
    before = _weights(model, "image_discriminator")
    image = model.imgnet.features(batch["image"])
    text = model.txtnet.features(batch["text"])
    # Without a LabNet the other modality stands in for it.
    real = text, image
    if has_labnet:
        real = (model.labnet.features(batch["labels"]),) * 2
    weights = [v.value for v in model.image_discriminator.variables]
    with tf.GradientTape() as tape:
        loss = 0.0
        for judge, one, other in zip(
            (model.image_discriminator, model.text_discriminator),
            real,
            (image, text),
            strict=True,
        ):
            loss += tf.reduce_mean((judge(one) - 1) ** 2)
            loss += tf.reduce_mean(judge(other) ** 2)
    gradient = tape.gradient(loss, weights)

    found = model.phase_steps()["discriminators"](batch)

    np.testing.assert_allclose(found["discriminator_loss"], loss, rtol=1e-5)
    after = _weights(model, "image_discriminator")
    _assert_descended(before, after, gradient, 0.5)


def test_discriminators_learn_to_tell_features_apart(data, batch):
    model = _model(data, rate=0.1)

    found = [
        model.phase_steps()["discriminators"](batch)["discriminator_loss"]
        for _ in range(100)
    ]

    # Two of 2 log 2 where they guess.
    assert found[-1] < 0.5 * found[0]


def test_the_released_pair_loss_can_be_trained(data, batch):
    model = _model(data, rate=0.05, pair_loss="squared")
    _fill_bank(model, data)

    found = [model.phase_steps()["imgnet"](batch) for _ in range(30)]

    assert found[-1]["imgnet_loss"] < found[0]["imgnet_loss"]


def test_codes_are_signs_of_the_code_heads(data):
    model = _model(data)
    labels = data.labels[:9].astype(np.float32)
    wanted = {
        "encode_image": model.imgnet(data.image_features(slice(9))).codes,
        "encode_text": model.txtnet(data.text_features(slice(9))).codes,
        "encode_label": model.labnet(labels).codes,
    }

    found = {
        "encode_image": model.encode_image(data.image_features(slice(9))),
        "encode_text": model.encode_text(data.text_features(slice(9))),
        "encode_label": model.encode_label(labels),
    }

    for name, packed in found.items():
        bits = networks.signs(wanted[name]).numpy() == 1.0
        np.testing.assert_array_equal(packed, codes.pack_bits(bits))


@pytest.mark.parametrize("bits", (1, 7, 16, 33))
def test_any_code_length_trains_and_encodes(data, batch, bits):
    model = _model(data, bits=bits)
    _fill_bank(model, data)

    for step in model.phase_steps().values():
        assert all(np.isfinite(loss) for loss in step(batch).values())

    packed = model.encode_label(data.labels.astype(np.float32))
    assert packed.shape == (len(data), -(-bits // 8))


@pytest.mark.parametrize("has_labnet", (True, False))
def test_an_exported_model_hashes_labels_where_there_is_a_labnet(
    data, tmp_path, has_labnet
):
    model = _model(data, has_labnet=has_labnet)
    here = encoding.model_encoders(model)

    export.export(model, tmp_path / "model")
    there = exported.load(tmp_path / "model", BITS)

    rows = np.arange(len(data))
    for name in ("image_codes", "text_codes", "label_codes"):
        one, other = (getattr(e, name)(data, rows) for e in (here, there))
        if name == "label_codes" and not has_labnet:
            assert one is other is None
        else:
            np.testing.assert_array_equal(one.rows, other.rows)


def test_labels_cannot_be_hashed_without_a_labnet(data):
    model = _model(data, has_labnet=False)

    with pytest.raises(ValueError, match="has none; train with labnet=True"):
        model.encode_label(data.labels.astype(np.float32))


def test_the_bank_is_replaced_as_a_whole(data):
    model = _model(data)
    _fill_bank(model, data)
    labels = data.labels.astype(np.float32)
    ones = np.ones((len(data), BITS), np.float32)
    features = np.ones((len(data), 7), np.float32)

    model.set_bank(2 * features, ones, -ones, labels)

    np.testing.assert_array_equal(model.bank.features, 2 * features)
    np.testing.assert_array_equal(model.bank.codes, ones)
    np.testing.assert_array_equal(model.bank.targets, -ones)
    np.testing.assert_array_equal(model.bank.labels, labels)


def test_similarity_comes_from_labels_alone(data, batch):
    similar = losses.similarity(batch["labels"], data.labels.astype(np.float32))

    # The toy data has one class an item.
    rows = batch["index"].numpy()
    same = (rows[:, None] % 3) == (np.arange(len(data)) % 3)
    np.testing.assert_array_equal(similar, same)
