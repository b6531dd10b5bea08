"""VGG19 up to fc2, on the network of `keras.applications`.

Simonyan, Zisserman: "Very Deep Convolutional Networks for Large-Scale Image
Recognition", ICLR 2015, Table 1, E.
"""

import keras
import tensorflow as tf

# What `keras.applications` itself downloads.
_WEIGHTS = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels.h5"
)
_WEIGHTS_MD5 = "cbe5617147190e668d6c5d5026f83318"

IMAGE_SIZE = 224
UNITS = (4096, 4096)


class Centring(keras.layers.Layer):
    """What the network's weights were trained with: BGR minus its mean."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Centres RGB pixels in 0..255, [n, height, width, 3]."""
        return keras.applications.vgg19.preprocess_input(inputs)


def published_weights() -> str:
    """Path of the weights that `keras.applications` publishes for VGG19.

    Downloaded once, 574 MB, to the folder where Keras keeps its models.

    Raises:
        OSError: They cannot be downloaded.
    """
    try:
        return keras.utils.get_file(
            origin=_WEIGHTS, cache_subdir="models", file_hash=_WEIGHTS_MD5
        )
    # Keras raises a bare `Exception`.
    except Exception as error:
        raise OSError(
            f"The weights of VGG19 cannot be downloaded ({error}); fetch the "
            "file elsewhere and pass its path as --weights."
        ) from error


def network(
    image_shape: tuple[int, int, int],
    weights: str = "",
    seed: int = 0,
    units: tuple[int, int] = UNITS,
) -> keras.Sequential:
    """Pixels [n, *image_shape] to the responses of fc2, [n, 4096].

    Args:
        image_shape: Height, width and 3; resized to 224 x 224, bilinear.
        weights: The local `.h5` file that `keras.applications` publishes for
            VGG19 with its dense layers; empty makes random weights.
        seed: Seed of random weights.
        units: Units of fc1 and fc2.

    Raises:
        ValueError: The file does not fit.
    """
    trunk = keras.applications.VGG19(
        include_top=False,
        weights=None,
        input_shape=(IMAGE_SIZE, IMAGE_SIZE, 3),
    )
    features = keras.layers.Flatten()(trunk.output)
    for name, width in zip(("fc1", "fc2"), units, strict=True):
        features = keras.layers.Dense(width, activation="relu", name=name)(
            features
        )
    vgg = keras.Model(trunk.input, features)
    if weights:
        vgg.load_weights(weights, by_name=True)
    else:
        _draw_weights(vgg, seed)
    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Resizing(IMAGE_SIZE, IMAGE_SIZE),
            Centring(),
            vgg,
        ],
        name="vgg19",
    )


def _draw_weights(vgg: keras.Model, seed: int) -> None:
    """Kernels that keep the scale of responses through 18 layers.

    Those that `keras.applications` draws do not, nor do they know our seed.
    """
    kernels = keras.initializers.HeNormal(keras.random.SeedGenerator(seed))
    for layer in vgg.layers:
        if hasattr(layer, "kernel"):
            layer.kernel.assign(kernels(layer.kernel.shape))
