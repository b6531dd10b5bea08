"""The graph network of CIRH, from a batch of both views to one code each.

Zhu, Wu, Li, Zhang, Guan, Shen: "Work Together: Correlation-Identity
Reconstruction Hashing for Unsupervised Cross-modal Retrieval", TKDE 35(9),
2023.
"""

from typing import Any
from typing import NamedTuple

import keras
import tensorflow as tf

from experiments.baselines.towers import networks


class Found(NamedTuple):
    """What the network makes of a batch, float32 each.

    Attributes:
        image: Scores of the images, [B, K].
        text: Scores of the texts, [B, K].
        both: Relaxed codes of the pairs, [B, K].
        rebuilt_image: Image features, [B, p].
        rebuilt_text: Bags of words, [B, q].
    """

    image: tf.Tensor
    text: tf.Tensor
    both: tf.Tensor
    rebuilt_image: tf.Tensor
    rebuilt_text: tf.Tensor


@keras.saving.register_keras_serializable("experiments")
class CollaborativeGraph(keras.layers.Layer):
    """Neighbours of one view and of both, collected by a batch's similarities.

    Every layer but the last of the codes is normalised over the batch.

    Args:
        bits: K.
        image_width: p.
        text_width: q.
        units: Units of each layer.
        seed: Seed of the weights.
    """

    def __init__(
        self,
        bits: int,
        image_width: int,
        text_width: int,
        units: int,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._settings = {
            "bits": bits,
            "image_width": image_width,
            "text_width": text_width,
            "units": units,
            "seed": seed,
        }
        sizes = {
            "image_encoder": (image_width, units),
            "text_encoder": (text_width, units),
            "image_graph": (units, units),
            "text_graph": (units, units),
            "joint_graph": (units, units),
            "joint_code": (units, bits),
            "image_code": (2 * units, bits),
            "text_code": (2 * units, bits),
            "code": (3 * bits, bits),
            "image_hidden": (bits, units),
            "text_hidden": (bits, units),
            "image_decoder": (units, image_width),
            "text_decoder": (units, text_width),
        }
        self._dense, self._norms = {}, {}
        for place, (name, (inputs, outputs)) in enumerate(sizes.items()):
            self._dense[name] = keras.layers.Dense(
                outputs,
                kernel_initializer=keras.initializers.GlorotUniform(
                    seed + place
                ),
                name=name,
            )
            self._norms[name] = keras.layers.BatchNormalization(
                name=f"{name}_norm"
            )
            self._dense[name].build((None, inputs))
            self._norms[name].build((None, outputs))
        self.built = True

    def call(
        self, image: tf.Tensor, text: tf.Tensor, similar: tf.Tensor
    ) -> Found:
        """Codes and rebuilt features of a batch.

        Args:
            image: Image features, [B, p].
            text: Bags of words, [B, q].
            similar: S, [B, B].
        """
        similar = tf.cast(similar, self.compute_dtype)
        one, other = (
            networks.unit_rows(
                tf.nn.relu(self._layer(f"{view}_encoder", values))
            )
            for view, values in (("image", image), ("text", text))
        )
        image_near = tf.nn.relu(self._layer("image_graph", one, similar))
        text_near = tf.nn.relu(self._layer("text_graph", other, similar))
        joint = self._joint(one, other, similar)
        image_score = self._layer(
            "image_code", tf.concat([image_near, joint], axis=1)
        )
        text_score = self._layer(
            "text_code", tf.concat([joint, text_near], axis=1)
        )
        scores = [image_score, self._layer("joint_code", joint), text_score]
        code = tf.tanh(self._layer("code", tf.concat(scores, axis=1)))
        rebuilt = [
            self._rebuilt(view, code + tf.tanh(score))
            for view, score in (("image", image_score), ("text", text_score))
        ]
        return Found(
            *(
                tf.cast(value, tf.float32)
                for value in (image_score, text_score, code, *rebuilt)
            )
        )

    def _joint(self, image, text, similar) -> tf.Tensor:
        """Both views as one graph, in which an item's views are neighbours."""
        count = tf.shape(image)[0]
        eye = tf.eye(count, dtype=similar.dtype)
        whole = tf.concat(
            [
                tf.concat([similar, eye], axis=1),
                tf.concat([eye, similar], axis=1),
            ],
            axis=0,
        )
        near = self._layer("joint_graph", tf.concat([image, text], 0), whole)
        return tf.nn.relu(near[:count] + near[count:])

    def _rebuilt(self, view, code) -> tf.Tensor:
        hidden = tf.nn.relu(self._layer(f"{view}_hidden", code))
        return self._layer(f"{view}_decoder", hidden)

    def _layer(self, name, values, similar=None) -> tf.Tensor:
        found = self._dense[name](values)
        if similar is not None:
            found = similar @ found
        return self._norms[name](found, training=True)

    def get_config(self) -> dict:
        """Arguments that make a network of the same shape."""
        return super().get_config() | self._settings
