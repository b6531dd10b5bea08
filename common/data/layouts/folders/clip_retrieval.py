"""What clip-retrieval's inference writes: shards of embeddings, and metadata.

    img_emb/img_emb_0.npy, img_emb_1.npy, ...       [items, d], often float16
    text_emb/text_emb_0.npy, ...                    [items, d]
    metadata/metadata_0.parquet, ...                image_path, caption, ...

Shards follow each other by their numbers. A picture that `image_path` names
several times has several texts.
"""

import pathlib
import re
from collections.abc import Mapping

import numpy as np

from common.data import originals
from common.data.containers import numpy_files
from common.data.containers import parquet
from common.data.containers.variable import Variable
from common.data.containers.variable import as_lists

_IDS = ("image_path", "key", "url", "id")
_LABELS = ("labels", "label", "classes", "class")

ACCEPTED = (
    "clip-retrieval's folders img_emb/ and text_emb/ of .npy, with metadata/ "
    "of .parquet"
)


class Shards:
    """Rows of several `.npy` as one matrix, memory-mapped.

    Args:
        parts: The shards in order, [n_i, d] each.
    """

    ndim = 2

    def __init__(self, parts: list[np.ndarray]):
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])
        self.shape = (int(self._ends[-1]), parts[0].shape[1])
        self.dtype = np.result_type(*parts)
        self.size = self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows) -> np.ndarray:
        if isinstance(rows, int | np.integer):
            return self[np.array([rows])][0]
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        rows = np.asarray(rows)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        found = np.empty((len(rows), self.shape[1]), self.dtype)
        shard = np.searchsorted(self._ends, rows, side="right")
        for number in np.unique(shard):
            here = shard == number
            start = self._ends[number] - len(self._parts[number])
            found[here] = self._parts[number][rows[here] - start]
        return found

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


def holds(folder: pathlib.Path) -> bool:
    """Whether a folder has that layout."""
    return (folder / "img_emb").is_dir() and (folder / "text_emb").is_dir()


def read(folder: pathlib.Path, trust_pickle: bool = False) -> dict:
    """Reads embeddings, and names and labels where the metadata has them.

    Nothing of it is pickled.

    Raises:
        ValueError: A shard is missing or damaged, or they do not pair up.
    """
    fields: dict = {
        "image": _embeddings(folder / "img_emb"),
        "text": _embeddings(folder / "text_emb"),
    }
    files = _numbered(folder / "metadata", ".parquet")
    if files:
        fields |= _metadata([parquet.of(file) for file in files])
    return fields


def _embeddings(folder: pathlib.Path) -> np.ndarray | Shards:
    parts = []
    for file in _numbered(folder, ".npy"):
        part = numpy_files.load_npy(file)
        width = parts[0].shape[1] if parts else None
        if part.ndim != 2 or width not in (None, part.shape[1]):
            raise ValueError(
                f"{folder.name}/{file.name} must be a matrix [items, "
                f"{width or 'd'}]; received shape {part.shape}"
            )
        parts.append(part)
    if not parts:
        raise ValueError(f"there is no .npy in {folder.name}/")
    return parts[0] if len(parts) == 1 else Shards(parts)


def _numbered(folder: pathlib.Path, suffix: str) -> list[pathlib.Path]:
    """Files by the last number in their names, of which none may be missing.

    Raises:
        ValueError: A number is missing.
    """
    if not folder.is_dir():
        return []
    found = {}
    for file in sorted(folder.glob(f"*{suffix}")):
        number = re.search(r"(\d+)\D*$", file.stem)
        found[int(number[1]) if number else 0] = file
    missing = set(range(min(found, default=0), len(found))) - set(found)
    if missing:
        raise ValueError(
            f"{folder.name}/ has {len(found)} shards, and number "
            f"{min(missing)} is missing among them"
        )
    return [found[number] for number in sorted(found)]


def _metadata(shards: list[Mapping[str, Variable]]) -> dict:
    fields = {}
    for role, names in (("ids", _IDS), ("labels", _LABELS)):
        name = next(
            (name for name in names if all(name in one for one in shards)), None
        )
        if name:
            fields[role] = _joined([one[name].load() for one in shards])
    kept = {
        name: _joined([one[name].load() for one in shards])
        for name in ("caption", "image_path")
        if all(name in one for one in shards)
    }
    if kept:
        fields["originals"] = originals.Originals(
            kept.get("caption"), kept.get("image_path")
        )
    return fields


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    if any(array.dtype == object for array in arrays):
        return as_lists([value for array in arrays for value in array.tolist()])
    return np.concatenate(arrays)
