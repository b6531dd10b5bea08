"""Weights of EfficientNet-Lite0 that nobody trained, in its package's format.

The file is written opcode by opcode, as PyTorch itself is not needed to read
it.
"""

import pickle
import struct

import numpy as np

# Expansion, kernel side, channels, blocks: Table 1 of the EfficientNet paper.
STAGES = (
    (1, 3, 16, 1),
    (6, 3, 24, 2),
    (6, 5, 40, 2),
    (6, 3, 80, 3),
    (6, 5, 112, 3),
    (6, 5, 192, 4),
    (6, 3, 320, 1),
)


def efficientnet_lite0(seed=0):
    """Arrays by the names of the released file, which fit its network."""
    rng = np.random.default_rng(seed)
    weights = {}

    def add(name, norm, *shape):
        # Responses keep their scale through ReLU6 layers.
        scale = np.sqrt(2 / np.prod(shape[1:]))
        weights[f"{name}.weight"] = rng.normal(0, scale, shape)
        count = shape[0]
        weights[f"{norm}.weight"] = rng.uniform(0.8, 1.2, count)
        weights[f"{norm}.bias"] = rng.normal(0.2, 0.2, count)
        weights[f"{norm}.running_mean"] = rng.normal(0, 0.1, count)
        weights[f"{norm}.running_var"] = rng.uniform(0.8, 1.2, count)

    add("_conv_stem", "_bn0", 32, 3, 3, 3)
    index, inputs = 0, 32
    for expansion, side, outputs, repeats in STAGES:
        for _ in range(repeats):
            block, inner = f"_blocks.{index}", inputs * expansion
            if expansion > 1:
                name = f"{block}._expand_conv"
                add(name, f"{block}._bn0", inner, inputs, 1, 1)
            name = f"{block}._depthwise_conv"
            add(name, f"{block}._bn1", inner, 1, side, side)
            name = f"{block}._project_conv"
            add(name, f"{block}._bn2", outputs, inner, 1, 1)
            index, inputs = index + 1, outputs
    add("_conv_head", "_bn1", 1280, inputs, 1, 1)
    return {name: array.astype("<f4") for name, array in weights.items()}


def write(path, weights):
    """Writes arrays as `torch.save` did before PyTorch 1.6."""
    tensors, offset = [b"\x80\x02}("], 0
    for name, array in weights.items():
        strides = [step // array.itemsize for step in array.strides]
        tensors.append(
            _text(name)
            + b"ctorch._utils\n_rebuild_tensor_v2\n(("
            + _text("storage")
            + b"ctorch\nFloatStorage\n"
            + _text("0")
            + _text("cpu")
            + _numbers(offset)
            + b"tQ"
            + _numbers(offset)
            + b"(%bt(%bt" % (_numbers(*array.shape), _numbers(*strides))
            + b"\x89NtR"
        )
        offset += array.size
    header = [pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, {})]
    values = np.concatenate([array.ravel() for array in weights.values()])
    path.write_bytes(
        b"".join(header + tensors)
        + b"u."
        + pickle.dumps(["0"], 2)
        + len(values).to_bytes(8, "little")
        + values.tobytes()
    )


def _text(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _numbers(*values):
    return b"".join(b"J" + struct.pack("<i", value) for value in values)
