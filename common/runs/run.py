"""What a run is about besides its method: data, seed and where it writes."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from common.data import arrays
from common.data import readers
from common.data import splits
from common.data import thumbnails
from common.data.protocols import stored
from common.data.reading import labels as label_forms
from common.models import cluster
from common.models import settings
from common.models.settings import setting
from common.runs import folders
from common.runs import places
from common.runs import records
from common.system import files
from common.system import stopwatch

_SUPERVISED_TRAIN = 5000


@dataclasses.dataclass(frozen=True)
class Run:
    """Everything about a training run that no paper would mention."""

    dataset: str = setting(
        readers.OPENCLIPART,
        "openclipart (embedded), a .npz file, a folder of .npy files or files "
        "of another project.",
        path=True,
    )
    trust_pickle: bool = setting(
        False,
        "Read pickled arrays, restricted to arrays, where a file has them.",
    )
    labels: str = setting(
        "auto",
        "How labels are read, where their values leave a doubt.",
        choices=label_forms.FORMS,
    )
    map: str = setting(
        "",
        "Names of arrays that no layout knows: image=img,text=txt,labels=gnd.",
    )
    protocol: str = setting(
        "auto",
        "Split: drawn, the data set's own, or a paper's; auto takes the data "
        "set's own where it has one.",
        choices=("auto", "drawn", "own", *stored.NAMES),
    )
    image_input: str = setting(
        "features",
        "features: the data set's images as they are; pixels: where these are "
        "features, the pictures of --thumbnails in their place.",
        choices=("features", "pixels"),
    )
    rows: str = setting("", "Key of the rows to use; empty takes all rows.")
    num_query: int = setting(
        0, "Query items; 0 takes 2000, or a sixth of a small set.", minimum=0
    )
    num_train: int = setting(
        0,
        "Training items; 0 takes the whole retrieval set, for a supervised "
        "method at most its first 5000 items.",
        minimum=0,
    )
    split_seed: int = setting(0, "Seed of the split.", minimum=0)
    num_validation: int = setting(
        500,
        "Retrieval items that are queries while training, at most a tenth; of "
        "a small set the default takes that tenth.",
        minimum=0,
    )
    hold_out_validation: bool = setting(
        False, "Keep validation items out of training."
    )
    strategy: str = setting(
        "none",
        "One replica, `mirrored` on this machine's devices, or `multi_worker`, "
        "a worker of TF_CONFIG; with several, XLA is not used.",
        choices=cluster.STRATEGIES,
    )
    validation_epochs: int = setting(
        0,
        "Epochs from one validation to the next; 0 has about 30 in a run.",
        minimum=0,
    )
    seed: int = setting(0, "Seed of weights, batches and draws.", minimum=0)
    output_dir: str = setting(
        "", "Where to write; empty makes a new folder.", path=True
    )
    resume: bool = setting(False, "Continue the run in --output_dir.")
    cache_dir: str = setting(
        "~/.cache/cross_modal_hashing",
        "Where correlation graphs are kept.",
        path=True,
    )
    thumbnails: str = setting(
        "",
        "A .npz of JPEGs (jpeg, offset, index) for picture sheets and "
        "--image_input=pixels.",
        path=True,
    )
    jit_compile: bool = setting(True, "Compile training steps with XLA.")

    def __post_init__(self):
        settings.check(self)


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A run's data, split and folder, checked and ready to train.

    `watch` counts what it takes, sessions before a resume included.
    """

    run: Run
    data: arrays.CrossModalData
    split: splits.Split
    directory: pathlib.Path
    watch: stopwatch.Stopwatch = dataclasses.field(
        default_factory=stopwatch.Stopwatch
    )

    @property
    def worker(self) -> cluster.Worker:
        """Which of the processes that train together this one is."""
        return cluster.this_worker(self.run.strategy)

    @property
    def chief_directory(self) -> pathlib.Path:
        """The run's folder; other workers' own folders lie in it."""
        return self.directory if self.worker.is_chief else self.directory.parent

    @property
    def cache_dir(self) -> pathlib.Path:
        """Folder of what may be made again."""
        return pathlib.Path(self.run.cache_dir).expanduser()


def read_data(run: Run) -> tuple[arrays.CrossModalData, np.ndarray]:
    """Reads a run's data set, with the kind of images that the run asks for.

    Returns:
        The data set, and the rows that have an image, [m] int64.

    Raises:
        ValueError: The data is wrong, or there are no pictures to learn from.
    """
    data = readers.read(run.dataset, run.trust_pickle, run.labels, run.map)
    if run.image_input == "features" or data.has_pixels:
        return data, np.arange(len(data))
    pictures = thumbnails.for_dataset(run.dataset, run.thumbnails)
    if pictures is None:
        raise ValueError(
            "--image_input=pixels needs pictures: pass their .npz as "
            f"--thumbnails, or give {run.dataset} an `image` of pixels."
        )
    pixels = pictures.pixels(len(data))
    data = dataclasses.replace(
        data, image=pixels, image_scale=None, extractor=None
    )
    return data, pictures.rows


def read_inputs(
    run: Run, supervised: bool = False
) -> tuple[arrays.CrossModalData, splits.Split]:
    """Reads a run's data set and draws its split.

    Args:
        run: The run.
        supervised: Whether the method learns from labels; it then trains on
            at most 5000 items where the run names no number, as is the custom
            of this field.

    Raises:
        ValueError: The data or the split's numbers are wrong.
    """
    data, pictured = read_data(run)
    parts = _parts(run, data)
    if parts is not None:
        return data, _complete(run, parts, pictured, data.groups)
    rows = _rows(run, data)
    rows = rows[np.isin(rows, pictured)]
    num_query = run.num_query or max(1, min(2000, len(rows) // 6))
    num_train = run.num_train
    if supervised and not num_train:
        num_train = max(0, min(_SUPERVISED_TRAIN, len(rows) - num_query))
    split = splits.make(
        rows,
        num_query,
        num_train,
        run.split_seed,
        _num_validation(run, len(rows)),
        run.hold_out_validation,
        data.groups,
    )
    return data, split


def _rows(run: Run, data: arrays.CrossModalData) -> np.ndarray:
    """The rows to draw a split from."""
    if not run.rows:
        return np.arange(len(data))
    rows = readers.read_rows(run.dataset, run.rows)
    if len(rows) and (rows.min() < 0 or rows.max() >= len(data)):
        raise ValueError(
            f"Rows `{run.rows}` reach from {rows.min()} to {rows.max()}, "
            f"but {run.dataset} has {len(data)} rows."
        )
    return rows


def _parts(run: Run, data: arrays.CrossModalData):
    """Rows of a split that is not drawn; None where it is."""
    own = data.parts
    if run.protocol in stored.NAMES:
        parts = stored.parts(run.protocol, data)
    elif run.protocol == "own" and own is None:
        raise ValueError(
            f"{run.dataset} comes without a split of its own; it needs rows "
            "`query` and `retrieval`. Draw one: --protocol=drawn."
        )
    elif run.protocol == "drawn" or own is None:
        return None
    else:
        parts = own
    if run.rows or run.num_query:
        typed = "rows" if run.rows else "num_query"
        raise ValueError(
            f"--{typed} needs a split that is drawn, and --protocol="
            f"{run.protocol} gives {len(parts['query'])} queries; pass "
            "--protocol=drawn."
        )
    return parts


def _complete(run: Run, parts, pictured, groups) -> splits.Split:
    parts = {
        part: rows[np.isin(rows, pictured)] for part, rows in parts.items()
    }
    given = "validation" in parts
    return splits.complete(
        parts,
        run.num_train,
        run.split_seed,
        0 if given else _num_validation(run, len(parts["retrieval"])),
        run.hold_out_validation,
        groups,
    )


def _num_validation(run: Run, rows: int) -> int:
    """Validation rows, of so many to take them from.

    Raises:
        ValueError: Another number than the default is more than a tenth.
    """
    most = max(0, (rows - 1) // 10)
    typed = run.num_validation != Run.num_validation
    # A run of an earlier version, in which all were cut, may go on.
    if typed and run.num_validation > most and not run.resume:
        raise ValueError(
            f"num_validation must be at most {most}, a tenth of the {rows} "
            f"rows; received {run.num_validation}."
        )
    return min(run.num_validation, most)


def prepare(
    run: Run,
    method: str,
    config: Any,
    supervised: bool = False,
    check: Callable[[arrays.CrossModalData, splits.Split], None] | None = None,
    longer: bool = False,
) -> Prepared:
    """Checks a run's inputs, makes its folder and writes `run.json`.

    Nothing is written before everything was read and checked.

    Args:
        run: The run.
        method: Name of the method.
        config: Its settings.
        supervised: Whether it learns from labels, see `read_inputs`.
        check: Refuses settings that do not fit the data or the split.
        longer: Whether a resumed run may be longer than it was.

    Raises:
        ValueError: The inputs are wrong, the folder already holds a run or is
            being written, or `--resume` finds another run's settings there.
        OSError: The folder cannot be written.
    """
    data, split = read_inputs(run, supervised)
    if supervised:
        require_labels(run, data, "the method learns from them")
    _require_relevant(run, data, split)
    if check:
        check(data, split)
    if run.thumbnails:
        # Sheets are drawn last; a wrong file must not wait until then.
        thumbnails.Thumbnails(run.thumbnails)
    for note in data.notes:
        print(f"{run.dataset}: {note}")
    stem = pathlib.Path(run.dataset).stem
    directory = folders.choose(run, f"{method}_{stem}_{config.bits}_{run.seed}")
    worker = cluster.this_worker(run.strategy)
    if not worker.is_chief:
        directory /= f"worker-{worker.index}"
    record = places.locate(
        records.describe(run, method, config, data, split), directory
    )
    record_file = directory / "run.json"
    if run.resume:
        defaults = {
            field.name: field.default for field in dataclasses.fields(config)
        }
        records.check_same(record_file, record, defaults, longer)
        return Prepared(run, data, split, directory)
    with folders.writing(directory):
        if record_file.exists():
            raise ValueError(
                f"{directory} already holds a run; pass --resume to continue "
                "it or another --output_dir."
            )
        # The record comes last: where it stands, nothing else is missing.
        split.save(directory / "split.npz")
        files.write_json(record_file, record)
    return Prepared(run, data, split, directory)


def _require_relevant(run, data, split) -> None:
    """Refuses labels by which no query has anything to find."""
    if data.labels is None:
        return
    there = data.labels[split.retrieval].any(axis=0)
    if not data.labels[split.query][:, there].any():
        raise ValueError(
            f"No query of {run.dataset} shares a label with a retrieval item, "
            f"so nothing could be scored: {len(split.query)} queries, "
            f"{len(split.retrieval)} retrieval items, {len(there)} labels. See "
            "whether labels are in the order of the items, or draw another "
            "split (--protocol=drawn, --split_seed)."
        )


def require_labels(run: Run, data: arrays.CrossModalData, reason: str) -> None:
    """Refuses a data set without labels.

    Args:
        run: The run.
        data: Its data set.
        reason: What needs them, for the message.

    Raises:
        ValueError: It has none.
    """
    if data.labels is None:
        raise ValueError(
            f"{run.dataset} has no `labels`, and {reason}; add `labels` "
            "[n, c] of 0 and 1."
        )
