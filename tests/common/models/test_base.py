import numpy as np
import pytest
import tensorflow as tf

from common.models import base


class Passing(base.HashingModel):
    """Its relaxed codes are its features, of texts with the other sign."""

    def __init__(self, bits=3, image_shape=(3,), text_dim=3):
        super().__init__(bits, image_shape, text_dim)
        self.built = True

    def image_codes(self, images):
        return images

    def text_codes(self, texts):
        return -texts


def test_a_code_at_the_threshold_is_a_one():
    below = -np.finfo(np.float32).tiny
    values = tf.constant([[0.0, -0.0, below], [1.0, -1.0, 0.0]])

    bits = Passing().image_bits(values)

    assert bits.numpy().tolist() == [[True, True, False], [True, False, True]]


def test_a_method_may_have_another_threshold():
    model = Passing()
    model.threshold = 0.5

    bits = model.image_bits(tf.constant([[0.5, 0.49, 0.51]]))

    assert bits.numpy().tolist() == [[True, False, True]]


def test_encoding_packs_the_bits():
    model = Passing()
    features = tf.constant([[1.0, -1.0, 0.0], [-1.0, 2.0, -3.0]])

    # Bits 101 and 010 for images; texts have the other sign, and 0 ties.
    assert model.encode_image(features).numpy().tolist() == [[160], [64]]
    assert model.encode_text(features).numpy().tolist() == [[96], [160]]


@pytest.mark.parametrize(
    ("name", "value"),
    [("bits", 0), ("image_shape", (0,)), ("text_dim", 0)],
)
def test_a_dimension_below_one_is_named(name, value):
    with pytest.raises(ValueError) as error:
        Passing(**{name: value})

    assert str(error.value) == f"{name} must be at least 1; received {value}."


def test_a_call_gives_relaxed_codes_of_what_is_given():
    values = np.array([[1.0, -2.0, 0.5]], np.float32)
    model = Passing()

    found = model({"image": values, "text": values})

    np.testing.assert_array_equal(found["image"], values)
    np.testing.assert_array_equal(found["text"], -values)
    assert list(model({"text": values})) == ["text"]
    shapes = model.compute_output_shape({"image": (7, 3), "text": (None, 3)})
    assert shapes == {"image": (7, 3), "text": (None, 3)}


def test_a_call_without_a_modality_says_what_it_takes():
    with pytest.raises(ValueError, match="`image`, `text` or both"):
        Passing().call({"labels": np.ones((1, 3))})
