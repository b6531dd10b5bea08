"""Opening a finished run's folder again."""

import dataclasses
import os
import pathlib

import numpy as np

from common import hamming
from common.data import arrays
from common.data import bow
from common.data import splits
from common.runs import places
from common.runs import records
from common.runs import run as common_run
from common.system import files

# Lies in a run's folder from before its metrics are written until its figures
# are drawn.
DRAWING = ".drawing"


@dataclasses.dataclass(frozen=True)
class FinishedRun:
    """A run's folder with the data and split it was trained on."""

    directory: pathlib.Path
    record: dict
    data: arrays.CrossModalData
    pictured: np.ndarray  # rows that have an image
    split: splits.Split

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self.record["config"]["bits"]


def open_run(
    directory: str | os.PathLike, dataset: str | os.PathLike = ""
) -> FinishedRun:
    """Opens a run's folder.

    Args:
        directory: The folder; empty takes that of the newest run.
        dataset: Where its data set is now; empty looks where it was, as the
            run recorded it and as it lay seen from the run.

    Raises:
        ValueError: No finished run of this version is there, or its data set
            is gone or has changed.
    """
    path = pathlib.Path(directory) if directory else newest()
    record = records.load(path)
    if not (path / "metrics.json").is_file():
        raise ValueError(
            f"The run in {path} has not finished; continue it with --resume."
        )
    record = places.found(path, record, os.fspath(dataset))
    run = _run(path, record["run"])
    data, pictured = common_run.read_data(run)
    digest = data.digest(os.path.expanduser(run.cache_dir))
    if digest != record["data"]["sha256"]:
        raise ValueError(
            f"{record['run']['dataset']} is not the data set that {path} was "
            "trained on; its SHA-256 differs."
        )
    if "vocabulary_sha256" in record["data"]:
        bow.check_same(
            data.vocabulary, record["data"]["vocabulary_sha256"], str(path)
        )
    split = splits.load(path / "split.npz")
    return FinishedRun(path, record, data, pictured, split)


def _run(path: pathlib.Path, recorded: dict) -> common_run.Run:
    known = {field.name for field in dataclasses.fields(common_run.Run)}
    unknown = [name for name in recorded if name not in known]
    if unknown:
        raise ValueError(
            f"{path}/run.json has settings that this version does not know: "
            f"{', '.join(unknown)}."
        )
    for field in dataclasses.fields(common_run.Run):
        value = recorded.get(field.name, field.default)
        if type(value) is not type(field.default):
            raise ValueError(
                f"{path}/run.json has {field.name} = {str(value)[:40]!r}, "
                f"which is no {type(field.default).__name__}."
            )
    try:
        return common_run.Run(**recorded)
    except ValueError as error:
        raise ValueError(f"{path}/run.json: {error}") from error


def ranked_by_score(directory: pathlib.Path) -> bool:
    """Whether a run is ranked by a score, not by its codes' distances."""
    metrics = files.read_object(directory / "metrics.json")
    return metrics.get("ranked_by") == "score"


def lacks_pictures(directory: pathlib.Path) -> bool:
    """Whether a run with metrics was killed before all its figures were drawn.

    Runs of earlier versions tell only by having none.

    Args:
        directory: Folder of a run on data with labels.
    """
    if (directory / DRAWING).exists():
        return True
    drawn = directory / "figures" / "precision_at.png"
    return (directory / "codes.npz").exists() and not drawn.exists()


def retrieval_index(
    finished: FinishedRun, modality: str
) -> hamming.HammingIndex:
    """The codes of the retrieval items; their ids are data rows.

    Args:
        finished: The run.
        modality: `image` or `text`.
    """
    from common.runs import encoding

    stored = encoding.load(finished.directory / "codes.npz")
    index = hamming.HammingIndex(finished.bits)
    index.add(
        getattr(stored, f"retrieval_{modality}"), finished.split.retrieval
    )
    return index


def newest(root: str | os.PathLike = "runs") -> pathlib.Path:
    """The folder of the run that finished last.

    Raises:
        ValueError: There is none.
    """
    finished = pathlib.Path(root).glob("**/metrics.json")
    found = sorted(finished, key=lambda file: file.stat().st_mtime)
    if not found:
        raise ValueError(
            f"No finished run in {root}/; train one with `python -m "
            "experiments.train_ugach`, or name its folder with --run."
        )
    return found[-1].parent
