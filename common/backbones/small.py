"""A small network for small pictures, trained from random weights."""

import keras

IMAGE_SIZE = 64
_CHANNELS = (32, 64, 128, 256)


def network(
    image_shape: tuple[int, int, int], seed: int = 0
) -> keras.Sequential:
    """Pixels [n, *image_shape] to [n, 256] features.

    Args:
        image_shape: Height, width and 3; resized to 64 x 64, bilinear.
        seed: Seed of the weights.
    """
    kernels = keras.initializers.HeNormal(keras.random.SeedGenerator(seed))
    layers = [
        keras.Input(image_shape),
        keras.layers.Resizing(IMAGE_SIZE, IMAGE_SIZE),
        keras.layers.Rescaling(1 / 127.5, offset=-1.0),
    ]
    for place, channels in enumerate(_CHANNELS):
        layers += [
            keras.layers.Conv2D(
                channels,
                3 if place else 5,
                strides=1 if place else 2,
                padding="same",
                activation="relu",
                kernel_initializer=kernels,
            ),
            keras.layers.MaxPooling2D(2),
        ]
    layers.append(keras.layers.Flatten())
    return keras.Sequential(layers, name="small")
