import numpy as np
import pytest

from common.backbones import matconvnet

LAYOUTS = ("filters", "weights", "meta", "net")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_weights(weights, narrow, save_mat, layout):
    path = save_mat(weights, layout)

    found = matconvnet.read(path, **narrow)

    np.testing.assert_array_equal(found.average_image, weights.average_image)
    assert list(found.layers) == list(weights.layers)
    for name, pair in weights.layers.items():
        for one, stored in zip(pair, found.layers[name], strict=True):
            assert stored.dtype == np.float32
            np.testing.assert_array_equal(stored, one)


def test_an_average_colour_stands_for_an_image(weights, narrow, save_mat):
    colour = weights._replace(average_image=np.float32([[[9, 8, 7]]]))

    found = matconvnet.read(save_mat(colour, "meta"), **narrow)

    assert found.average_image.shape == (224, 224, 3)
    assert (found.average_image == [9, 8, 7]).all()


def test_the_real_widths_are_those_of_cnn_f():
    shapes = matconvnet.kernel_shapes()

    # Chatfield et al., Table 1.
    assert shapes["conv1"] == (11, 11, 3, 64)
    assert shapes["conv2"] == (5, 5, 64, 256)
    assert shapes["conv5"] == (3, 3, 256, 256)
    assert shapes["fc6"] == (6, 6, 256, 4096)
    assert shapes["fc7"] == (1, 1, 4096, 4096)
    # 23,296 + 409,856 + 3 x 590,080 + 37,752,832 + 16,781,312.
    kernels_and_biases = sum(np.prod(s) + s[-1] for s in shapes.values())
    assert kernels_and_biases == 56_737_536


def _refused(path, **widths):
    with pytest.raises(ValueError) as error:
        matconvnet.read(path, **widths)
    assert str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_filters_of_another_network_are_refused(
    weights, narrow, save_mat, layout
):
    kernel = np.ones((3, 3, 3, 4), np.float32)
    path = save_mat(weights, layout, conv3=(kernel, np.ones(5, np.float32)))

    message = _refused(path, **narrow)

    # The bias comes as a row or as a column.
    assert "Layer conv3" in message and "has filters (3, 3, 3, 4)" in message
    assert "CNN-F's are (3, 3, 3, 4) and (4,)" in message


def test_a_network_without_fc7_is_refused(weights, narrow, save_mat):
    layers = {k: v for k, v in weights.layers.items() if k != "fc7"}
    path = save_mat(weights._replace(layers=layers), "meta")

    assert "has no layer fc7" in _refused(path, **narrow)


def test_an_average_image_of_another_size_is_refused(weights, narrow, save_mat):
    small = weights._replace(average_image=np.ones((4, 4, 3), np.float32))

    message = _refused(save_mat(small, "weights"), **narrow)

    assert "averageImage" in message and "received shape (4, 4, 3)" in message


def test_files_that_hold_no_network_are_refused(tmp_path, weights, save_mat):
    from scipy import io

    other = tmp_path / "other.mat"
    io.savemat(other, {"labels": np.ones(3)})
    damaged = tmp_path / "damaged.mat"
    damaged.write_bytes(save_mat(weights, "meta").read_bytes()[:3000])

    assert "has no `layers`" in _refused(other)
    assert "is not a readable MATLAB file" in _refused(damaged)
    assert "no weights file" in _refused(tmp_path / "absent.mat")


def test_a_matlab_file_of_version_7_3_is_named(tmp_path):
    path = tmp_path / "new.mat"
    # The header's text, then the version's two bytes and the byte order.
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" * 99)

    assert "version 7.3" in _refused(path)
