r"""Trains UGACH and leaves a model, codes, metrics and pictures.

python -m experiments.train_ugach
python -m experiments.train_ugach --dataset=PATH.npz --bits=32
python -m experiments.train_ugach --ablation --num_seeds=3 --lengths=16,32
"""

from common.data import arrays
from common.runs import runner
from experiments.methods import commands
from experiments.methods import trainings
from ugach import config as ugach_config


def _fit(config, prepared):
    from common.training import fitting
    from ugach import training

    run, data, rows = prepared.run, prepared.data, prepared.split.train
    config = config.for_rows(len(rows))
    with runner.one_sentence_errors():
        prepared.cache_dir.mkdir(parents=True, exist_ok=True)
        draws = training.make_draws(
            config,
            data,
            rows,
            prepared.cache_dir,
            run.seed,
            fitting.show_progress("Correlation graph", len(rows)),
        )
    model = training.build_model(
        config,
        data.image_dim,
        data.text_dim,
        draws,
        run.seed,
        run.jit_compile,
        data.text_kind,
    )
    schedule = training.schedule(config)
    fitting.fit(
        prepared,
        model,
        draws,
        schedule.total,
        [training.AlternatePlayers(schedule, data, rows, config)],
        {
            "discriminator": model.discriminator_optimizer,
            "generator": model.generator_optimizer,
        },
        unscored_phases=("generator",),
    )
    return model


def _check(config, data, split):
    arrays.require_features(data)
    config.check_training_rows(len(split.train))


# The paper's own ablation.
METHOD = trainings.Method(
    "ugach",
    {
        "Baseline": {"mode": "baseline"},
        "Baseline-GAN": {"mode": "baseline_gan"},
        "UGACH": {"mode": "ugach"},
    },
    _fit,
    _check,
)

if __name__ == "__main__":
    commands.start(METHOD, ugach_config.PRESETS)
