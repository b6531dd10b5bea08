import keras
import numpy as np
import pytest

from common.hamming import codes
from common.reports import export
from common.runs import encoding
from common.runs import exported

BITS = 6


def test_all_variables_belong_to_one_player(build):
    model = build()

    players = [id(v) for own in model.players.values() for v in own]

    assert len(players) == len(set(players))
    assert set(players) == {id(v) for v in model.trainable_variables}


def test_codes_go_through_both_encoder_halves(build, data):
    model = build()
    images = data.image_features(slice(9))
    texts = data.text_features(slice(9))

    stages = model.stages(images, texts)

    np.testing.assert_allclose(
        stages.codes.image, model.image_codes(images), atol=1e-6
    )
    np.testing.assert_allclose(
        stages.codes.text, model.text_codes(texts), atol=1e-6
    )
    widths = [[values.shape[1] for values in stage] for stage in stages]
    assert widths == [[12, 10], [9, 9], [BITS, BITS]]
    for encode, relaxed in (
        (model.encode_image(images), stages.codes.image),
        (model.encode_text(texts), stages.codes.text),
    ):
        packed = codes.pack_bits(relaxed.numpy() >= 0)
        np.testing.assert_array_equal(encode, packed)


def test_a_pairs_code_is_the_sign_of_the_sum(build, data):
    model = build()
    images = data.image_features(slice(40))
    texts = data.text_features(slice(40))
    image, text = model.image_codes(images), model.text_codes(texts)

    bits = model.pair_bits(images, texts).numpy()

    np.testing.assert_array_equal(bits, image.numpy() + text.numpy() >= 0)
    # Of two that disagree the surer one decides.
    assert (bits != (image.numpy() >= 0)).any()
    assert (bits != (text.numpy() >= 0)).any()


@pytest.mark.parametrize("bits", (1, 7, 33))
def test_any_code_length_trains_and_encodes(build, data, batch, bits):
    model = build(bits=bits)

    found = model.phase_steps()["algorithm_1"](batch)

    assert all(np.isfinite(loss) for loss in found.values())
    packed = model.encode_text(data.text_features(slice(5)))
    assert packed.shape == (5, -(-bits // 8))


def test_an_exported_model_gives_the_same_codes(build, data, tmp_path):
    model = build()
    here = encoding.model_encoders(model)

    export.export(model, tmp_path / "model")
    there = exported.load(tmp_path / "model", BITS)

    rows = np.arange(len(data))
    for name in ("image_codes", "text_codes"):
        one, other = (getattr(e, name)(data, rows) for e in (here, there))
        np.testing.assert_array_equal(one.rows, other.rows)


def test_a_player_without_an_optimizer_is_named(build):
    model = build()
    some = {"image_outer_generator": keras.optimizers.SGD(0.5)}

    with pytest.raises(ValueError, match="needed for image_outer_discrim"):
        model.compile(some)
