r"""Trains UGACH and leaves a model, codes, metrics and pictures.

python -m experiments.train_ugach
python -m experiments.train_ugach --dataset=PATH.npz --bits=32 --ablation
"""

import dataclasses
import time

from absl import flags

from common import run as common_run
from common import runner
from ugach import config as ugach_config

TITLES = {
    "baseline": "Baseline",
    "baseline_gan": "Baseline-GAN",
    "ugach": "UGACH",
}


def train(config: ugach_config.Config, run: common_run.Run) -> dict:
    """Trains one model and exports it.

    Args:
        config: Settings of the method.
        run: Data, seed and folder.

    Returns:
        Its metrics, as written to `metrics.json`.
    """
    with runner.one_sentence_errors():
        prepared = common_run.prepare(
            run, "ugach", config, check_rows=config.check_training_rows
        )
        prepared.cache_dir.mkdir(parents=True, exist_ok=True)
    print(f"{title(config, run)}: writing to {prepared.directory}")
    runner.import_tensorflow()
    # TensorFlow takes seconds to import; `--help` and wrong input need none.
    from common import reporting

    started = time.monotonic()
    model = _fit(config, prepared)
    metrics = reporting.finish(
        prepared, model, title(config, run), time.monotonic() - started
    )
    print(reporting.table({TITLES[config.mode]: metrics}))
    for warning in metrics["warnings"]:
        print(f"Warning: {warning}")
    print(f"Model, codes, metrics and pictures are in {prepared.directory}")
    return metrics


def train_ablation(config: ugach_config.Config, run: common_run.Run) -> None:
    """Trains the paper's three models into sub-folders of one folder."""
    with runner.one_sentence_errors():
        parent = common_run.choose_directory(run, "ugach_ablation", config)
    rows = {}
    for mode in ugach_config.MODES:
        started = (parent / mode / "run.json").exists()
        rows[TITLES[mode]] = train(
            dataclasses.replace(config, mode=mode),
            dataclasses.replace(
                run,
                output_dir=str(parent / mode),
                resume=run.resume and started,
            ),
        )
    from common import reporting

    print(f"\nAblation, {config.bits} bits, {run.dataset}, in {parent}")
    print(reporting.table(rows))


def title(config: ugach_config.Config, run: common_run.Run) -> str:
    """Heading of a run's figures and tables."""
    return f"{TITLES[config.mode]}, {config.bits} bits, {run.dataset}"


def _fit(config, prepared):
    from common import fitting
    from ugach import training

    run, data, rows = prepared.run, prepared.data, prepared.split.train
    with runner.one_sentence_errors():
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


def _define_ablation() -> None:
    flags.DEFINE_boolean(
        "ablation", False, "Train Baseline and Baseline-GAN beside UGACH."
    )


def _main(config: ugach_config.Config, run: common_run.Run) -> None:
    if flags.FLAGS.ablation:
        train_ablation(config, run)
    else:
        train(config, run)


if __name__ == "__main__":
    runner.start(_main, ugach_config.PRESETS, _define_ablation)
