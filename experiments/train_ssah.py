r"""Trains SSAH and leaves a model, codes, metrics and pictures.

python -m experiments.train_ssah
python -m experiments.train_ssah --dataset=PATH.npz --bits=32
python -m experiments.train_ssah --ablation --num_seeds=3 --lengths=16,32
"""

from common.backbones import choice
from common.data import draws as data_draws
from experiments.methods import commands
from experiments.methods import trainings
from ssah import config as ssah_config


def _fit(config, prepared):
    from common.training import fitting
    from ssah import training

    run, data, rows = prepared.run, prepared.data, prepared.split.train
    config = config.for_rows(len(rows))
    draws = data_draws.PairDraws.at_most(len(rows), config.batch_size, run.seed)
    model = training.build_model(
        config, data, rows, draws.steps_per_epoch, run.seed, run.jit_compile
    )
    schedule = training.schedule(config)
    fitting.fit(
        prepared,
        model,
        draws,
        len(schedule.phases),
        [training.TakeTurns(schedule, data, rows)],
        training.optimizers(model),
        # Codes mean something once both networks had their turn.
        unscored_phases=("labnet", "imgnet", "discriminators"),
        with_labels=True,
    )
    return model


def _check(config, data, split):
    choice.check(config.backbone, config.backbone_weights, data.image_shape)


METHOD = trainings.Method(
    "ssah",
    {
        # What Section 4.3 of the paper leaves out, by the name of the rest.
        "SSAH-1": {"labnet": False},
        "SSAH-2": {"text_network": "mlp3"},
        "SSAH-3": {"adversarial": False},
        "SSAH": {},
    },
    _fit,
    _check,
    supervised=True,
)

if __name__ == "__main__":
    commands.start(METHOD, ssah_config.PRESETS)
