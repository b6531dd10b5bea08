"""EfficientNet-Lite0 as an ONNX graph.

The shipped features were made with ONNX Runtime; another runtime rounds in
another way.
"""

import functools
from collections.abc import Mapping

import numpy as np

from common.backbones import efficientnet_lite0


class _Graph:
    """ONNX nodes and weights, collected layer by layer.

    Each method adds one layer and returns the name of its output.
    """

    def __init__(self, helper, from_array):
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

    def block(self, value: str, block: efficientnet_lite0.Block) -> str:
        inner = value
        for convolution in block.convolutions:
            inner = self._convolution(inner, convolution)
            if convolution.clipped:
                inner = self.node("Clip", inner, self._lower, self._upper)
        return self.node("Add", value, inner) if block.skip else inner

    def _convolution(
        self, value: str, convolution: efficientnet_lite0.Convolution
    ) -> str:
        return self.node(
            "Conv",
            value,
            self._constant(f"{convolution.name}.w", convolution.kernel),
            self._constant(f"{convolution.name}.b", convolution.bias),
            auto_pad="SAME_UPPER",
            kernel_shape=convolution.kernel.shape[2:],
            strides=[convolution.stride] * 2,
            group=convolution.groups,
        )

    def _constant(self, name: str, array: np.ndarray) -> str:
        array = np.ascontiguousarray(array, np.float32)
        self.constants.append(self._from_array(array, name))
        return name


def feature_graph(weights: Mapping[str, np.ndarray]) -> bytes:
    """Serialises the network up to its pooled feature.

    Args:
        weights: Arrays of `torch_weights.read_weights`.

    Returns:
        An ONNX model with input `image` [n, 3, h, w] and output `feature`
        [n, 1280]: the mean over the image of the last ReLU6 layer, in [0, 6].
    """
    import onnx

    graph = _Graph(onnx.helper, onnx.numpy_helper.from_array)
    value = "image"
    for block in efficientnet_lite0.blocks(weights):
        value = graph.block(value, block)
    value = graph.node("GlobalAveragePool", value)
    value = graph.node("Flatten", value)

    tensor = functools.partial(
        onnx.helper.make_tensor_value_info, elem_type=onnx.TensorProto.FLOAT
    )
    outputs = [tensor(value, shape=["n", efficientnet_lite0.FEATURES])]
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
