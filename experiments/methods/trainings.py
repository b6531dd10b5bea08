"""What every method's training command does."""

import contextlib
import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import Any

from common.data import arrays
from common.data import splits
from common.runs import devices
from common.runs import finished as finished_runs
from common.runs import folders
from common.runs import interruptions
from common.runs import run as common_run
from common.runs import runner
from common.system import files
from common.training import divergence


@dataclasses.dataclass(frozen=True)
class Method:
    """A method as its commands see it.

    Attributes:
        name: Name of the method's folder.
        variants: Changed settings of each model of the method's ablation, by
            the name it has in tables; the whole method comes last.
        model: Makes a model, from settings and a prepared run.
        check: Refuses settings that do not fit the data or the split.
        supervised: Whether it learns from labels.
        failures: Errors of a training that went wrong by itself.
    """

    name: str
    variants: dict[str, dict[str, Any]]
    model: Callable[[Any, common_run.Prepared], Any]
    check: Callable[[Any, arrays.CrossModalData, splits.Split], None]
    supervised: bool = False
    failures: tuple[type[Exception], ...] = (divergence.DivergedError,)

    def label(self, config: Any) -> str:
        """Name of a model with these settings, as in `variants`."""
        found = {
            variant: changed.items()
            for variant, changed in self.variants.items()
            if changed
            and all(getattr(config, key) == changed[key] for key in changed)
        }
        # One that changes more says what one with a part of it would say.
        names = [
            variant
            for variant, changed in found.items()
            if not any(changed < other for other in found.values())
        ]
        return ", ".join(names) or list(self.variants)[-1]

    def title(self, config: Any, run: common_run.Run) -> str:
        """Heading of a run's figures and tables."""
        return f"{self.label(config)}, {config.bits} bits, {run.dataset}"

    def fit(self, config: Any, prepared: common_run.Prepared) -> Any:
        """A trained model, from a prepared run; needs TensorFlow."""
        from common.training import fitting

        model = self.model(config, prepared)
        model.compile(jit_compile=prepared.run.jit_compile and "auto")
        fitting.fit(prepared, model)
        return model

    def prepare(
        self, config: Any, run: common_run.Run, longer: bool = False
    ) -> common_run.Prepared:
        """Checks a run's inputs, makes its folder and writes `run.json`."""
        if run.strategy != "none":
            # XLA cannot read another device's variables.
            run = dataclasses.replace(run, jit_compile=False)
        return common_run.prepare(
            run,
            self.name,
            config,
            self.supervised,
            functools.partial(self.check, config),
            longer,
        )


def train(
    method: Method, config: Any, run: common_run.Run, longer: bool = False
) -> dict:
    """Trains one model and exports it.

    Args:
        method: The method.
        config: Its settings.
        run: Data, seed and folder.
        longer: Whether a resumed run may be longer than it was; a cell of a
            table may not.

    Returns:
        Its metrics, as written to `metrics.json`; none for a worker that is
        not the first.
    """
    with contextlib.ExitStack() as stack:
        with runner.one_sentence_errors():
            prepared = method.prepare(config, run, longer)
            stack.enter_context(folders.writing(prepared.directory))
        interruptions.safe_in(prepared.chief_directory, resumes=True)
        return _train(method, config, prepared)


def _train(method, config, prepared) -> dict:
    run = prepared.run
    title = method.title(config, run)
    # TensorFlow takes seconds to import; `--help` and wrong input need none.
    runner.import_tensorflow(find_devices=prepared.worker.count == 1)
    from common.models import distribution
    from common.training import checkpoints

    devices.announce(title, prepared.directory, run.strategy != "none")
    with distribution.scope(run.strategy):
        prepared.watch.start()
        model = method.fit(config, prepared)
        if not prepared.worker.is_chief:
            print("Trained; worker 0 evaluates and exports the model.")
            distribution.meet()
            return {}
        costs = prepared.watch.costs()
        # With what came after the last checkpoint, for a longer run.
        prepared.watch.save(
            checkpoints.seconds_path(prepared.directory / "checkpoints")
        )
    from common.reports import reporting

    metrics = reporting.finish(prepared, model, title, costs)
    with distribution.scope(run.strategy):
        distribution.meet()
    if prepared.data.labels is None:
        print("The data has no labels, so there is no MAP.")
    print(reporting.tables(method.label(config), metrics))
    if "directions" in metrics:
        print(_directions(metrics["directions"]))
    for warning in metrics["warnings"]:
        print(f"Warning: {warning}")
    print(f"Model, codes, metrics and pictures are in {prepared.directory}")
    return metrics


def train_once(method: Method, config: Any, run: common_run.Run) -> dict:
    """Metrics of a run that has finished; trains one that has not.

    Args:
        method: The method.
        config: Its settings.
        run: Data, seed and folder, which is named.
    """
    finished = pathlib.Path(run.output_dir) / "metrics.json"
    if not finished.exists():
        return train(method, config, run)
    with runner.one_sentence_errors():
        # A finished run counts only where its settings are these.
        prepared = method.prepare(config, run)
        metrics = files.read_object(finished)
    if finished_runs.lacks_pictures(prepared.directory):
        _draw(prepared, method.title(config, run))
    return metrics


def _draw(prepared, title) -> None:
    """Makes what a run lacks that was killed while it drew its figures."""
    with contextlib.ExitStack() as stack:
        with runner.one_sentence_errors():
            stack.enter_context(folders.writing(prepared.directory))
        print(f"{title}: drawing what {prepared.directory} lacks", flush=True)
        runner.import_tensorflow()
        from common.reports import reporting

        with runner.one_sentence_errors():
            reporting.draw(prepared, title)


def failure(error: BaseException) -> str:
    """The sentence that stands in place of a failed training's metrics."""
    sentence = str(error).removeprefix("Error: ")
    if isinstance(error, MemoryError) and not sentence:
        return "It ran out of memory."
    return sentence


def refuse_no_table(run: common_run.Run) -> None:
    """Refuses a run whose models cannot be compared in a table.

    Raises:
        ValueError: The data has no labels or is no data set, or several
            workers would have to agree on what is finished.
    """
    if run.strategy == "multi_worker":
        raise ValueError(
            "--strategy=multi_worker trains one model at a time; a table "
            "takes none or mirrored."
        )
    data, _ = common_run.read_data(run)
    common_run.require_labels(run, data, "a table of MAPs needs them")


def folder_name(variant: str) -> str:
    """A variant's name as a folder's."""
    return variant.lower().replace(" ", "_")


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
