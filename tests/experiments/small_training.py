"""Trains one method after the other on a few items; not a test itself.

    python small_training.py STRATEGY DATASET OUTPUT METHOD... [--resume]

A mirrored strategy has two logical processors. Writes OUTPUT/METHOD.npz, all
weights of the method, and for UGACH everything that a run leaves.
"""

import dataclasses
import os
import sys

# Before TensorFlow is imported.
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

# Plain descent: Adam's steps have the size of a gradient's sign, which for
# gradients near zero is what rounding makes of it. A batch of an odd number of
# rows has shares of two sizes.
_COMMON = {"bits": 12, "batch_size": 21, "optimizer": "sgd"}
_SETTINGS = {
    "ugach": {
        "hidden_units": 16,
        "graph_size": 3,
        "pool_size": 31,
        "alternation": "epoch",
        "pretrain_epochs": 1,
        "epochs": 1,
        "pretrain_learning_rate": 0.1,
        "discriminator_learning_rate": 0.1,
        "generator_learning_rate": 0.1,
    },
    "uch": {
        "text_feature_units": 16,
        "outer_hidden_units": 16,
        "representation_units": 16,
        "inner_hidden_units": 16,
        "outer_discriminator_units": 8,
        "inner_discriminator_units": 8,
        "image_learning_rate": 0.1,
        "text_learning_rate": 0.1,
        "epochs": 1,
    },
    "ssah": {
        "feature_units": 16,
        "label_hidden_units": 16,
        "image_hidden_units": 16,
        "text_hidden_units": 16,
        "discriminator_first_units": 16,
        "discriminator_second_units": 16,
        "labnet_learning_rate": 0.1,
        "imgnet_learning_rate": 0.1,
        "txtnet_learning_rate": 0.1,
        "discriminator_learning_rate": 0.1,
        "rounds": 2,
        "first_labnet_epochs": 1,
        "labnet_epochs": 1,
        "imgnet_epochs": 1,
        "txtnet_epochs": 1,
    },
}


def train(strategy, dataset, output, names, resume=False):
    """Trains methods; returns all weights of each, by its name."""
    from common.runs import run as common_run
    from common.runs import runner
    from experiments import train_ssah
    from experiments import train_uch
    from experiments import train_ugach
    from experiments.methods import trainings
    from ssah import config as ssah_config
    from uch import config as uch_config
    from ugach import config as ugach_config

    known = {
        "ugach": (train_ugach.METHOD, ugach_config),
        "uch": (train_uch.METHOD, uch_config),
        "ssah": (train_ssah.METHOD, ssah_config),
    }
    weights = {}
    for name in names:
        method, settings = known[name]
        config = dataclasses.replace(
            settings.PRESETS["default"], **_COMMON, **_SETTINGS[name]
        )

        run = common_run.Run(
            dataset=dataset,
            output_dir=os.path.join(output, name),
            cache_dir=os.path.join(output, "cache"),
            strategy=strategy,
            jit_compile=False,
            resume=resume,
        )

        class Keeping(trainings.Method):
            def fit(self, config, prepared, name=name):
                model = super().fit(config, prepared)
                weights[name] = [np.asarray(w) for w in model.get_weights()]
                return model

        own = Keeping(**vars(method))
        if name == "ugach":
            # With what comes after training.
            trainings.train(own, config, run)
        else:
            runner.import_tensorflow(strategy != "multi_worker")
            from common.models import distribution

            with distribution.scope(strategy):
                own.fit(config, own.prepare(config, run))
                distribution.meet()
    return weights


def _main(strategy, dataset, output, *names):
    if strategy == "mirrored":
        import tensorflow as tf

        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * 2,
        )
    resume = "--resume" in names
    names = [name for name in names if name != "--resume"]
    weights = train(strategy, dataset, output, names, resume)
    for name, values in weights.items():
        np.savez(os.path.join(output, f"{name}.npz"), *values)


if __name__ == "__main__":
    _main(*sys.argv[1:])
