import h5py
import numpy as np

from common.backbones import vgg19

NARROW = {"units": (7, 5)}


def test_pixels_become_bgr_less_its_mean():
    pixels = np.array([[[[1.0, 2.0, 3.0]]]], np.float32)

    centred = vgg19.Centring()(pixels)

    expected = [3 - 103.939, 2 - 116.779, 1 - 123.68]
    np.testing.assert_allclose(centred[0, 0, 0], expected, rtol=1e-6)


def _published(path, layers):
    """Writes weights as the published file holds them."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        for name, pair in layers.items():
            group = file.create_group(name)
            names = [f"{name}_{part}_1:0".encode() for part in "Wb"]
            group.attrs["weight_names"] = names
            for key, values in zip(names, pair, strict=True):
                group[key.decode()] = values


def test_the_published_files_layers_are_found_by_name(tmp_path):
    drawn = vgg19.network((32, 32, 3), seed=1, **NARROW)
    stored = {
        layer.name: layer.get_weights()
        for layer in drawn.layers[-1].layers
        if layer.weights
    }
    _published(tmp_path / "vgg19.h5", stored)

    read = vgg19.network((32, 32, 3), str(tmp_path / "vgg19.h5"), 2, **NARROW)

    # Sixteen convolutions and two dense layers.
    assert len(stored) == 18
    for one, same in zip(drawn.variables, read.variables, strict=True):
        np.testing.assert_array_equal(one, same)
    pictures = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3))
    features = read(pictures.astype(np.float32)).numpy()
    assert features.shape == (1, 5)
    # Kernels drawn by our seed keep the scale of pixels through all layers.
    assert 1 < np.sqrt(np.mean(features**2)) < 1000
