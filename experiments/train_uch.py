r"""Trains UCH and leaves a model, codes, metrics and pictures.

python -m experiments.train_uch
python -m experiments.train_uch --dataset=PATH.npz --bits=32
python -m experiments.train_uch --ablation --num_seeds=3 --lengths=16,32
"""

from common.backbones import choice
from common.training import divergence
from experiments.methods import commands
from experiments.methods import trainings
from uch import collapse
from uch import config as uch_config


def _model(config, prepared):
    from uch import model

    return model.UCH(config, prepared.run.seed)


def _check(config, data, split):
    choice.check(config.backbone, config.backbone_weights, data.image_shape)


METHOD = trainings.Method(
    "uch",
    # One part of the method left out at a time.
    {
        "UCH without adversaries": {
            "outer_adversarial": False,
            "inner_adversarial": False,
        },
        "UCH without outer cycle": {"outer_cycle": False},
        "UCH without inner cycle": {"inner_cycle": False},
        "UCH without coupling": {"couple": False},
        "UCH": {},
    },
    _model,
    _check,
    failures=(collapse.CollapseError, divergence.DivergedError),
)

if __name__ == "__main__":
    commands.start(METHOD, uch_config.PRESETS)
