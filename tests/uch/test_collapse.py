import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests import whole_runs
from uch import collapse
from uch import model as uch_model
from uch import training

LIMITS = collapse.Limits(
    minimum_feature_scale=0.01,
    minimum_spread=0.05,
    maximum_one_sided_bits=0.5,
    collapse_grace_epochs=2,
)
HEALTHY = {
    "feature_scale": 0.5,
    "representation_spread": 0.9,
    "code_spread": 0.9,
    "bit_spread": 0.4,
    "one_sided_bits": 0.0,
}


def test_a_sample_is_described_by_hand():
    features = np.array([[3.0, 4.0], [0.0, 0.0]])
    representations = np.array([[1.0, 2.0], [1.0, 0.0]])
    codes = np.array([[0.5, 1.0], [0.5, -1.0]])

    found = collapse.measure(features, representations, codes)

    # Squares 9 + 16 of four entries; deviations 0 and 1 under a mean square
    # of 6 / 4; deviations 0 and 1 under a mean square of 2.5 / 4.
    assert found == {
        "feature_scale": pytest.approx(2.5),
        "representation_spread": pytest.approx(np.sqrt(0.5 / 1.5)),
        "code_spread": pytest.approx(np.sqrt(0.5 / 0.625)),
        "bit_spread": pytest.approx(0.5),
        "one_sided_bits": pytest.approx(0.5),
    }


@pytest.mark.parametrize("rare", (0, 1, 2))
def test_a_bit_that_5_percent_of_items_have_is_one_sided(rare):
    codes = np.ones((20, 1))
    codes[:rare] = -0.1

    found = collapse.measure(np.ones((20, 1)), codes, codes)

    # Of 20 items one is 5%: a mean sign of 18 / 20.
    assert found["one_sided_bits"] == (1.0 if rare <= 1 else 0.0)


def test_what_is_all_zero_has_no_spread():
    nothing = np.zeros((4, 3))

    found = collapse.measure(nothing, nothing, nothing)

    assert found["representation_spread"] == found["code_spread"] == 0.0


def test_small_but_varied_values_are_no_collapse():
    values = 1e-6 * np.array([[1.0, -1.0], [-1.0, 1.0]])

    found = collapse.measure(np.ones((2, 1)), values, values)

    # The next layer, or the sign, makes up for the scale.
    collapse.check(found, "text", 9, LIMITS)


def test_healthy_codes_are_left_alone():
    for modality in ("image", "text"):
        collapse.check(HEALTHY, modality, 100, LIMITS)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    (
        ("feature_scale", 0.004, "features F have shrunk .* of 0.004"),
        ("representation_spread", 0.01, "Z are nearly the same .*spread 0.01"),
        ("code_spread", 0.0, "codes H are nearly the same .*spread 0"),
        ("one_sided_bits", 0.75, "one value in 75% of their bits"),
    ),
)
def test_each_collapse_is_said_in_a_sentence(name, value, said):
    measured = HEALTHY | {name: value}

    collapse.check(measured, "text", 2, LIMITS)
    with pytest.raises(
        collapse.CollapseError, match=f"^Training collapsed by epoch 3:.*{said}"
    ) as error:
        collapse.check(measured, "text", 3, LIMITS)

    message = str(error.value)
    assert message.endswith(".") and "\n" not in message


def test_numbers_that_are_not_finite_end_a_run_at_once():
    measured = HEALTHY | {"code_spread": float("nan")}

    with pytest.raises(collapse.CollapseError, match="diverged by epoch 1"):
        collapse.check(measured, "image", 1, LIMITS)


def _watched(tiny, data, **changed):
    """A model as it starts, and the watch over it at the end of an epoch."""
    config = dataclasses.replace(tiny, collapse_grace_epochs=0, **changed)
    model = uch_model.UCH(config)
    model.compile()
    watch = training.Turns(model, model.prepare(data))
    return model, watch


def _last_dense(network):
    return network.trainable_variables[-2:]


def test_a_model_that_has_just_begun_is_healthy(tiny, data):
    model, watch = _watched(tiny, data)
    batch = {
        "index": tf.range(len(data)),
        "image": tf.constant(data.image_features(slice(None))),
        "text": tf.constant(data.text_features(slice(None))),
    }
    for _ in range(2):
        model.phase_steps()["algorithm_1"](batch)
    logs = {"outer_similarity_loss": 1.0}

    watch.end(0, logs)

    assert set(logs) == {"outer_similarity_loss"} | {
        f"{modality}_{name}"
        for modality in ("image", "text")
        for name in HEALTHY
    }
    assert all(isinstance(value, float) for value in logs.values())


def test_image_features_that_are_given_may_be_small(tiny, data):
    small = dataclasses.replace(data, image=data.image * 1e-6)
    model, watch = _watched(
        tiny, small, feature_scaling="none", maximum_one_sided_bits=1.0
    )
    logs = {}

    watch.end(0, logs)

    assert not model.image_encoder.trainable_variables
    assert logs["image_feature_scale"] < 1e-4


def test_shrunken_features_of_a_trained_image_network_are_noticed(tiny, data):
    model, watch = _watched(
        tiny,
        whole_runs.with_pictures(data),
        backbone="small",
        feature_scaling="none",
    )
    for variable in model.image_encoder.trainable_variables:
        variable.assign(0.0 * variable)

    with pytest.raises(collapse.CollapseError, match="image features F have"):
        watch.end(0, {})


def test_shrunken_text_features_are_noticed(tiny, data):
    model, watch = _watched(tiny, data)
    kernel, _ = _last_dense(model.text_encoder)
    kernel.assign(1e-5 * kernel)

    with pytest.raises(collapse.CollapseError, match="text features F have"):
        watch.end(0, {})


@pytest.mark.parametrize("modality", ("image", "text"))
@pytest.mark.parametrize(
    ("cycle", "said"), (("outer", "representations Z"), ("inner", "codes H"))
)
def test_a_constant_middle_is_noticed(tiny, data, modality, cycle, said):
    model, watch = _watched(tiny, data, standardize=False)
    generators = {"image": "image_to_text", "text": "text_to_image"}
    generator = getattr(getattr(model, cycle), generators[modality])
    kernel, bias = _last_dense(generator.encoder)
    kernel.assign(1e-4 * kernel)
    bias.assign(np.resize([1.0, -1.0], bias.shape))
    # The other modality's bits are no matter of this test.
    watch._limits = dataclasses.replace(
        watch._limits, maximum_one_sided_bits=1.0
    )

    with pytest.raises(collapse.CollapseError, match=f"the {modality} {said}"):
        watch.end(0, {})


def test_one_sided_bits_are_noticed(tiny, data):
    model, watch = _watched(tiny, data, standardize=False)
    kernel, bias = _last_dense(model.inner.image_to_text.encoder)
    representations = model.stages(watch._images, watch._texts).representations
    hidden = model.inner.image_to_text.encoder.layers[0](representations.image)
    largest = np.abs(hidden @ kernel).max()
    # H is tanh of something between .2 and 1.8.
    kernel.assign(0.8 / largest * kernel)
    bias.assign(np.ones(bias.shape))

    with pytest.raises(
        collapse.CollapseError, match="image codes have one value in 100%"
    ):
        watch.end(0, {})


def test_the_sample_is_spread_over_the_training_rows(tiny, data):
    rows = np.arange(3, 93, 2)

    watch = training.Turns(uch_model.UCH(tiny), data[rows])

    np.testing.assert_array_equal(watch._images, data.image_features(rows))
    np.testing.assert_array_equal(watch._texts, data.text_features(rows))
