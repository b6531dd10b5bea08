"""Which backbone a run's images pass through, and whether it fits them."""

import os

from common.backbones import matconvnet

NAMES = ("none", "small", "cnn_f", "vgg19")


def slow_in_xla(name: str) -> bool:
    """Whether XLA should leave steps through a backbone alone.

    On a CPU it takes far longer for the gradients of convolutions.
    """
    return name != "none"


def check(name: str, weights: str, image_shape: tuple[int, ...]) -> None:
    """Refuses a backbone that does not fit the images, or its weights.

    Args:
        name: One of `NAMES`; `none` takes features as they are.
        weights: Its weights file, or empty for random weights.
        image_shape: (d,) of features or (H, W, 3) of pixels.

    Raises:
        ValueError: Says what to change.
    """
    has_pixels = len(image_shape) == 3
    if has_pixels and name == "none":
        raise ValueError(
            f"The images are pixels of shape {image_shape}, which need a "
            f"network: pass --backbone={', '.join(NAMES[1:-1])} or "
            f"{NAMES[-1]}."
        )
    if not has_pixels and name != "none":
        raise ValueError(
            f"--backbone={name} needs pixels, and the images are features of "
            f"width {image_shape[0]}; pass --image_input=pixels, or leave "
            "--backbone out."
        )
    if not weights:
        return
    if name == "cnn_f":
        matconvnet.read(weights)
    elif name == "vgg19":
        _check_vgg19(weights)
    else:
        raise ValueError(
            f"--backbone={name} takes no weights file; leave "
            f"--backbone_weights={weights} out."
        )


def _check_vgg19(path: str) -> None:
    import h5py

    names = ()
    # Keras tells the format by the ending.
    if os.path.isfile(path) and path.endswith(".h5") and h5py.is_hdf5(path):
        with h5py.File(path) as file:
            names = tuple(file)
    if "block1_conv1" not in names or "fc2" not in names:
        raise ValueError(
            f"{path} is not the .h5 file that `keras.applications` publishes "
            "for VGG19 with its dense layers, `include_top=True`."
        )
