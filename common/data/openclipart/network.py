"""EfficientNet-Lite0 as an ONNX graph, from a PyTorch weight file.

Architecture: M. Tan and Q. Le, "EfficientNet: Rethinking Model Scaling for
Convolutional Neural Networks", ICML 2019, in its "Lite" form (no squeeze and
excitation, ReLU6).
"""

import functools
from collections.abc import Mapping

import numpy as np

FEATURES = 1280

# Of the batch normalisations in the released weights.
_EPSILON = 1e-3

# Blocks and first stride of each stage.
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))


class _Graph:
    """ONNX nodes and weights, collected layer by layer.

    Each method adds one layer and returns the name of its output.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], helper, from_array):
        self.weights = weights
        self.nodes = []
        self.constants = []
        self._make_node = helper.make_node
        self._from_array = from_array
        self._lower = self._constant("lower", np.array(0.0))
        self._upper = self._constant("upper", np.array(6.0))

    def node(self, kind: str, *inputs: str, **attributes) -> str:
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(
            self._make_node(kind, list(inputs), [output], **attributes)
        )
        return output

    def convolution(
        self, value: str, kernel: str, norm: str, stride=1, groups=1
    ) -> str:
        """Convolution with its batch normalisation folded in."""
        parts = ("weight", "bias", "running_mean", "running_var")
        gamma, beta, mean, var = (self.weights[f"{norm}.{p}"] for p in parts)
        scale = gamma / np.sqrt(var + _EPSILON)
        weight = self.weights[f"{kernel}.weight"]
        return self.node(
            "Conv",
            value,
            self._constant(f"{kernel}.w", weight * scale[:, None, None, None]),
            self._constant(f"{kernel}.b", beta - mean * scale),
            auto_pad="SAME_UPPER",
            kernel_shape=weight.shape[2:],
            strides=[stride, stride],
            group=groups,
        )

    def relu6(self, value: str) -> str:
        return self.node("Clip", value, self._lower, self._upper)

    def block(self, value: str, index: int, stride: int, skip: bool) -> str:
        """Inverted bottleneck: expand, filter each channel, project."""
        name = f"_blocks.{index}"
        inner = value
        if f"{name}._expand_conv.weight" in self.weights:
            inner = self.relu6(
                self.convolution(inner, f"{name}._expand_conv", f"{name}._bn0")
            )
        kernel = f"{name}._depthwise_conv"
        channels = len(self.weights[f"{kernel}.weight"])
        inner = self.relu6(
            self.convolution(inner, kernel, f"{name}._bn1", stride, channels)
        )
        inner = self.convolution(inner, f"{name}._project_conv", f"{name}._bn2")
        return self.node("Add", value, inner) if skip else inner

    def _constant(self, name: str, array: np.ndarray) -> str:
        array = np.ascontiguousarray(array, np.float32)
        self.constants.append(self._from_array(array, name))
        return name


def feature_graph(weights: Mapping[str, np.ndarray]) -> bytes:
    """Serialises the network up to its pooled feature.

    Args:
        weights: Arrays of `weights.read_weights`.

    Returns:
        An ONNX model with input `image` [n, 3, h, w] and output `feature`
        [n, 1280]: the mean over the image of the last ReLU6 layer, in [0, 6].
    """
    import onnx

    graph = _Graph(weights, onnx.helper, onnx.numpy_helper.from_array)
    value = graph.convolution("image", "_conv_stem", "_bn0", stride=2)
    value = graph.relu6(value)
    index = 0
    for blocks, first_stride in _STAGES:
        for repeat in range(blocks):
            stride = 1 if repeat else first_stride
            value = graph.block(value, index, stride, skip=repeat > 0)
            index += 1
    value = graph.relu6(graph.convolution(value, "_conv_head", "_bn1"))
    value = graph.node("GlobalAveragePool", value)
    value = graph.node("Flatten", value)

    tensor = functools.partial(
        onnx.helper.make_tensor_value_info, elem_type=onnx.TensorProto.FLOAT
    )
    outputs = [tensor(value, shape=["n", FEATURES])]
    inputs = [tensor("image", shape=["n", 3, "h", "w"])]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes, "efficientnet_lite0", inputs, outputs, graph.constants
        ),
        opset_imports=[onnx.helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()
