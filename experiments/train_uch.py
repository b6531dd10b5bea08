r"""Trains UCH and leaves a model, codes, metrics and pictures.

python -m experiments.train_uch
python -m experiments.train_uch --dataset=PATH.npz --bits=32
python -m experiments.train_uch --ablation --num_seeds=3 --lengths=16,32
"""

from common.backbones import choice
from common.data import draws as data_draws
from common.training import divergence
from experiments.methods import commands
from experiments.methods import trainings
from uch import collapse
from uch import config as uch_config


def _fit(config, prepared):
    from common.training import fitting
    from uch import training

    run, data, rows = prepared.run, prepared.data, prepared.split.train
    config = config.for_rows(len(rows))
    draws = data_draws.PairDraws.at_most(len(rows), config.batch_size, run.seed)
    model = training.build_model(
        config,
        data.image_shape,
        data.text_dim,
        draws.steps_per_epoch,
        run.seed,
        run.jit_compile,
        data.text_kind,
    )
    fitting.fit(
        prepared,
        model,
        draws,
        config.epochs,
        [training.WatchCollapse(data, rows, config)],
        training.optimizers(model),
    )
    return model


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
    _fit,
    _check,
    failures=(collapse.CollapseError, divergence.DivergedError),
)

if __name__ == "__main__":
    commands.start(METHOD, uch_config.PRESETS)
