r"""Trains SSAH and leaves a model, codes, metrics and pictures.

python -m experiments.train_ssah
python -m experiments.train_ssah --dataset=PATH.npz --bits=32 --ablation
"""

import dataclasses
import time

from absl import flags

from common import run as common_run
from common import runner
from ssah import config as ssah_config

# What Section 4.3 of the paper leaves out, by the name it gives the rest.
ABLATIONS = {
    "SSAH-1": {"labnet": False},
    "SSAH-2": {"text_network": "mlp3"},
    "SSAH-3": {"adversarial": False},
    "SSAH": {},
}


def train(config: ssah_config.Config, run: common_run.Run) -> dict:
    """Trains one model and exports it.

    Args:
        config: Settings of the method.
        run: Data, seed and folder.

    Returns:
        Its metrics, as written to `metrics.json`.
    """
    with runner.one_sentence_errors():
        prepared = common_run.prepare(run, "ssah", config, supervised=True)
    print(f"{title(config, run)}: writing to {prepared.directory}")
    runner.import_tensorflow()
    # TensorFlow takes seconds to import; `--help` and wrong input need none.
    from common import reporting

    started = time.monotonic()
    model = _fit(config, prepared)
    metrics = reporting.finish(
        prepared, model, title(config, run), time.monotonic() - started
    )
    print(reporting.table({name(config): metrics}))
    if "directions" in metrics:
        print(_directions(metrics["directions"]))
    for warning in metrics["warnings"]:
        print(f"Warning: {warning}")
    return metrics


def train_ablation(config: ssah_config.Config, run: common_run.Run) -> None:
    """Trains SSAH and the paper's three reductions into one folder."""
    with runner.one_sentence_errors():
        parent = common_run.choose_directory(run, "ssah_ablation", config)
    rows = {}
    for reduced, changes in ABLATIONS.items():
        rows[reduced] = train(
            dataclasses.replace(config, **changes),
            dataclasses.replace(run, output_dir=str(parent / reduced.lower())),
        )
    from common import reporting

    print(f"\nAblation, {config.bits} bits, {run.dataset}, in {parent}")
    print(reporting.table(rows))


def name(config: ssah_config.Config) -> str:
    """The paper's name of a model with these settings."""
    left_out = [
        reduced
        for reduced, changes in ABLATIONS.items()
        if changes
        and all(getattr(config, key) == value for key, value in changes.items())
    ]
    return " ".join(left_out) or "SSAH"


def title(config: ssah_config.Config, run: common_run.Run) -> str:
    """Heading of a run's figures and tables."""
    return f"{name(config)}, {config.bits} bits, {run.dataset}"


def _fit(config, prepared):
    from common import fitting
    from ssah import training

    run, data, rows = prepared.run, prepared.data, prepared.split.train
    draws = training.make_draws(config, rows, run.seed)
    model = training.build_model(
        config, data, draws.steps_per_epoch, run.seed, run.jit_compile
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


def _directions(found: dict[str, dict]) -> str:
    """`map_all` of all nine directions, queries down, databases across."""
    letters = dict.fromkeys(direction[0] for direction in found)
    lines = ["map_all" + "".join(f"{letter:>8}" for letter in letters)]
    for query in letters:
        cells = [found[f"{query}2{item}"]["map_all"] for item in letters]
        printed = [float("nan") if cell is None else cell for cell in cells]
        lines.append(
            f"{query:7}" + "".join(f"{value:8.4f}" for value in printed)
        )
    return "\n".join(lines)


def _define_ablation() -> None:
    flags.DEFINE_boolean(
        "ablation", False, "Train SSAH-1, SSAH-2 and SSAH-3 beside SSAH."
    )


def _main(config: ssah_config.Config, run: common_run.Run) -> None:
    if flags.FLAGS.ablation:
        train_ablation(config, run)
    else:
        train(config, run)


if __name__ == "__main__":
    runner.start(_main, ssah_config.PRESETS, _define_ablation)
