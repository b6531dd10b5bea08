import numpy as np
import pytest
import tensorflow as tf

from ugach import model as ugach_model


def _model(data, seed=0):
    model = ugach_model.UGACH(
        bits=6, hidden_units=10, feature_scaling="none", seed=seed
    )
    model.build(
        {"image": (None, data.image_dim), "text": (None, data.text_dim)}
    )
    return model


def _weights(player):
    return [variable.numpy() for variable in player.variables]


def _same(first, second):
    return all(
        np.array_equal(one, two) for one, two in zip(first, second, strict=True)
    )


def test_the_codes_are_the_discriminators(data):
    model = _model(data)
    image = tf.constant(data.image_features(slice(0, 9)))
    text = tf.constant(data.text_features(slice(0, 9)))

    found = model.image_codes(image), model.text_codes(text)

    player = model.discriminator
    np.testing.assert_array_equal(found[0], player.image_pathway(image))
    np.testing.assert_array_equal(found[1], player.text_pathway(text))


@pytest.mark.parametrize("modality", ("image", "text"))
def test_a_code_does_not_depend_on_its_batch(data, modality):
    model = _model(data)
    features = getattr(data, f"{modality}_features")(slice(None))
    hash_features = getattr(model, f"{modality}_codes")

    together = hash_features(tf.constant(features)).numpy()
    alone = [hash_features(tf.constant(row[None]))[0] for row in features[:20]]
    reversed_order = hash_features(tf.constant(features[::-1])).numpy()[::-1]

    np.testing.assert_allclose(alone, together[:20], atol=1e-6)
    np.testing.assert_allclose(reversed_order, together, atol=1e-6)


@pytest.mark.parametrize("modality", ("image", "text"))
def test_bits_and_packed_codes_threshold_the_codes_at_one_half(data, modality):
    model = _model(data)
    features = tf.constant(getattr(data, f"{modality}_features")(slice(None)))
    codes = getattr(model, f"{modality}_codes")(features).numpy()

    bits = getattr(model, f"{modality}_bits")(features)
    packed = getattr(model, f"encode_{modality}")(features)

    assert 0 < (codes >= 0.5).mean() < 1
    np.testing.assert_array_equal(bits, codes >= 0.5)
    np.testing.assert_array_equal(packed, np.packbits(codes >= 0.5, axis=1))


def test_the_seed_decides_the_weights_of_both_players(data):
    first, again, other = (_model(data, seed=seed) for seed in (1, 1, 2))

    for player in ("discriminator", "generator"):
        weights = _weights(getattr(first, player))
        assert _same(weights, _weights(getattr(again, player)))
        assert not _same(weights, _weights(getattr(other, player)))


def test_the_generator_starts_elsewhere_and_can_take_over_the_weights(data):
    model = _model(data)
    assert not _same(_weights(model.generator), _weights(model.discriminator))

    model.start_generator_from_discriminator()

    taken = _weights(model.generator)
    assert _same(taken, _weights(model.discriminator))
    # A copy: the discriminator goes on alone.
    for variable in model.discriminator.variables:
        variable.assign_add(tf.ones_like(variable))
    assert _same(taken, _weights(model.generator))
