import numpy as np
import pytest

from common.backbones import matconvnet

CHANNELS = (2, 3, 4, 3, 2)
UNITS = (5, 4)


@pytest.fixture(scope="session")
def narrow():
    """Widths of a CNN-F that tests can afford."""
    return {"channels": CHANNELS, "units": UNITS}


@pytest.fixture(scope="session")
def weights():
    """Made-up weights of the narrow CNN-F."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        scale = np.prod(shape[:-1]) ** -0.5
        # Kernels that are positive in the mean keep units alive.
        return rng.normal(scale / 2, scale, shape).astype(np.float32)

    shapes = matconvnet.kernel_shapes(CHANNELS, UNITS)
    return matconvnet.Weights(
        rng.uniform(90, 130, (224, 224, 3)).astype(np.float32),
        {
            name: (draw(*shape), draw(shape[-1]))
            for name, shape in shapes.items()
        },
    )


@pytest.fixture
def save_mat(tmp_path):
    """Writes weights as one of the layouts that are about."""

    def save_mat(weights, layout, **changed):
        from scipy import io

        layers = []
        for name, (kernel, bias) in (weights.layers | changed).items():
            # A layer without weights stands between any two.
            layers.append({"type": "relu", "name": f"relu_{name}"})
            layers.append(_layer(layout, name, kernel, bias))
        cell = np.empty((1, len(layers)), object)
        cell[0] = layers
        normalization = {
            "averageImage": weights.average_image,
            "keepAspect": 1,
        }
        content = {"layers": cell}
        if layout == "meta":
            content["meta"] = {"normalization": normalization}
        else:
            content["normalization"] = normalization
        if layout == "net":
            content = {"net": content}
        path = tmp_path / f"{layout}.mat"
        io.savemat(path, content)
        return path

    return save_mat


def _layer(layout, name, kernel, bias):
    if layout == "filters":
        return {
            "filters": kernel,
            "biases": bias[None],
            "stride": 1,
            "type": "conv",
            "name": name,
        }
    pair = np.empty((1, 2), object)
    pair[0] = [kernel, bias[:, None]]
    return {"type": "conv", "name": name, "weights": pair, "pad": 0}
