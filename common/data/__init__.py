"""Image-text-label data: arrays, readers, splits and tf.data pipelines."""
