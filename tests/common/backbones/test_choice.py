import h5py
import pytest

from common.backbones import choice

PIXELS = (64, 64, 3)
FEATURES = (1280,)


@pytest.mark.parametrize("name", choice.NAMES)
def test_a_backbone_belongs_to_pixels(name):
    fitting, other = (
        (FEATURES, PIXELS) if name == "none" else (PIXELS, FEATURES)
    )

    choice.check(name, "", fitting)

    with pytest.raises(ValueError, match="images are"):
        choice.check(name, "", other)


@pytest.mark.parametrize(
    ("name", "shape"), [("none", FEATURES), ("small", PIXELS)]
)
def test_a_weights_file_that_nobody_reads_is_refused(name, shape):
    with pytest.raises(ValueError, match=f"{name} takes no weights file"):
        choice.check(name, "some.h5", shape)


def test_cnn_f_needs_a_readable_file(tmp_path):
    with pytest.raises(ValueError, match="no weights file"):
        choice.check("cnn_f", str(tmp_path / "absent.mat"), PIXELS)


def test_vgg19_needs_a_file_with_its_dense_layers(tmp_path):
    text = tmp_path / "text.h5"
    text.write_text("no weights")
    short = tmp_path / "notop.h5"
    with h5py.File(short, "w") as file:
        file.create_group("block1_conv1")

    for path in (tmp_path / "absent.h5", text, short):
        with pytest.raises(ValueError, match="with its dense layers") as error:
            choice.check("vgg19", str(path), PIXELS)
        assert str(path) in str(error.value)
