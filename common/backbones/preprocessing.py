"""From a picture to features: what was done, and whether it can be repeated.

Features of two networks, or of one network and two ways to scale pixels, do
not belong together. So all that decides them is stored with them.
"""

import dataclasses
import hashlib
import json
import os

from common.backbones import photographs
from common.backbones import torch_weights

IMAGE_SIZE = 224

# Layer that is taken, and what becomes of RGB pixels in 0..255 before.
_NETWORKS = {
    "efficientnet_lite0": ("mean of the last ReLU6", "(rgb - 127) / 128"),
    "vgg19": ("fc2", "bgr - (103.939, 116.779, 123.68)"),
    "cnn_f": ("fc7", "rgb - average image of the weights"),
}
NAMES = tuple(_NETWORKS)


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """Everything that decides the features of a picture.

    Attributes:
        backbone: One of `NAMES`.
        layer: Whose responses are the features.
        size: Side of the square that enters the network, in pixels.
        resizing: How a picture becomes that square.
        background: Colour behind transparent pixels.
        scaling: What the network is given for RGB pixels in 0..255.
        weights_sha256: Of the weights file.
        weights: Where that was: a path, `imagenet`, or empty for the file of
            an installed package.
    """

    backbone: str
    layer: str
    size: int
    resizing: str
    background: str
    scaling: str
    weights_sha256: str
    weights: str

    def text(self) -> str:
        """As it is stored with the features."""
        return json.dumps(dataclasses.asdict(self))


def current(backbone: str, weights: str) -> tuple[Preprocessing, str]:
    """What this version does to a picture, and its weights file.

    Args:
        backbone: One of `NAMES`.
        weights: A path; `imagenet` for the published weights of VGG19; empty
            for the installed ones of EfficientNet-Lite0.

    Raises:
        ValueError: The backbone has no such weights.
        OSError: There is no such file, or it could not be fetched.
    """
    path = _weights_file(backbone, weights)
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    layer, scaling = _NETWORKS[backbone]
    found = Preprocessing(
        backbone,
        layer,
        IMAGE_SIZE,
        photographs.RESIZING,
        photographs.BACKGROUND,
        scaling,
        digest,
        os.path.abspath(weights) if weights == path else weights,
    )
    return found, path


def repeat(text: str, weights: str = "") -> tuple[Preprocessing, str]:
    """What made stored features, and its weights file.

    Args:
        text: What `Preprocessing.text` gave.
        weights: Its weights where they are now; empty where they were.

    Raises:
        ValueError: This version, or that file, would make other features.
        OSError: There is no such file, or it could not be fetched.
    """
    stored = _parse(text)
    found, path = current(stored.backbone, weights or stored.weights)
    for field in dataclasses.fields(Preprocessing):
        was, now = (getattr(one, field.name) for one in (stored, found))
        if field.name != "weights" and was != now:
            raise ValueError(
                f"The data's features were made by {stored.backbone} with "
                f"{field.name} {was!r}, not {now!r}: other features would "
                "come out. Extract them again, or take the same weights."
            )
    return found, path


def _parse(text: str) -> Preprocessing:
    try:
        found = Preprocessing(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise ValueError(
            "The data's `extractor` is not what experiments.extract_features "
            f"writes ({error}); extract the features again."
        ) from error
    if found.backbone not in NAMES:
        raise ValueError(
            f"The data's features are of {found.backbone!r}; known are "
            f"{', '.join(NAMES)}."
        )
    return found


def _weights_file(backbone: str, weights: str) -> str:
    if backbone == "vgg19" and weights == "imagenet":
        from common.backbones import vgg19

        return vgg19.published_weights()
    if weights == "imagenet":
        raise ValueError(
            f"--weights=imagenet is for vgg19; name a file for {backbone}."
        )
    if weights:
        return weights
    if backbone == "efficientnet_lite0":
        return torch_weights.installed_file()
    known = "imagenet or a .h5 file" if backbone == "vgg19" else "a .mat file"
    raise ValueError(f"{backbone} needs its weights: pass --weights, {known}.")
