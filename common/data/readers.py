"""Data sets from disk: opened, recognised and read, see README.md.

`common.data.containers` opens files, `common.data.layouts` recognises what is
what in them, `common.data.reading` reads it.
"""

import importlib.resources
import os
import pathlib
from collections.abc import Mapping

import numpy as np

from common.data import arrays
from common.data import bow
from common.data import originals
from common.data.containers import opening
from common.data.containers.variable import STRINGS
from common.data.containers.variable import Variable
from common.data.layouts import recognition
from common.data.reading import assembly
from common.data.reading import groups
from common.data.reading import labels as label_forms

OPENCLIPART = "openclipart"

_STRINGS = ("ids", "vocabulary", "label_names")


class DataError(ValueError):
    """A data set that cannot be read; the message says what to do."""

    def __init__(self, message: str):
        # Names out of a damaged file may hold anything.
        sentence = " ".join(message.split())
        end = "" if sentence.endswith((".", "'")) else "."
        super().__init__(sentence + end)


def read(
    source: str | os.PathLike,
    trust_pickle: bool = False,
    labels: str = "auto",
    names: str = "",
) -> arrays.CrossModalData:
    """Reads a data set by name or path.

    Args:
        source: `openclipart` (embedded), a file, a folder of files, which
            `.npy` are memory-mapped of, or the common start of their names.
        trust_pickle: Whether files may be unpickled where a layout needs it.
        labels: How labels are read, one of `labels.FORMS`.
        names: Names of arrays that no layout knows, `image=img,text=txt`.

    Raises:
        DataError: Nothing is there, or it does not hold a data set.
    """
    try:
        fields, notes = _fields(_path(source), trust_pickle, names)
        return _data(fields, notes, labels, source)
    except DataError:
        raise
    except (ValueError, OSError) as error:
        raise DataError(f"{source}: {error}") from error


def read_rows(source: str | os.PathLike, key: str) -> np.ndarray:
    """Reads a selection of row numbers stored beside the arrays, [m] int64.

    Raises:
        DataError: The key is absent or does not hold row numbers.
    """
    try:
        variables = _variables(_path(source))
        if key not in variables:
            raise DataError(
                f"{source} has no rows `{key}`; it holds "
                f"{', '.join(sorted(variables))}."
            )
        rows = variables[key].load()
    except DataError:
        raise
    except (ValueError, OSError) as error:
        raise DataError(f"{source}: {error}") from error
    if rows.ndim != 1 or rows.dtype.kind not in "ui":
        raise DataError(
            f"Rows `{key}` of {source} must be a list of row numbers; received "
            f"shape {rows.shape}, dtype {rows.dtype}."
        )
    return rows.astype(np.int64)


def embedded(name: str) -> pathlib.Path:
    """Path of a file of the embedded OpenClipart data set."""
    return pathlib.Path(
        str(importlib.resources.files("common.data.openclipart") / name)
    )


def _path(source) -> pathlib.Path:
    if str(source) == OPENCLIPART:
        return embedded("openclipart.npz")
    return pathlib.Path(source)


def _fields(path, trust_pickle, names) -> tuple[dict, list[str]]:
    """What the files hold, rows first, and what there is to say of it."""
    folder = recognition.folder(path)
    if folder is not None:
        return folder.read(path, trust_pickle), []
    variables = _variables(path)
    if not variables:
        raise ValueError(
            f"no data set is recognised; it holds {_listed(path)}. "
            f"{recognition.accepted()}"
        )
    if {"jpeg", "offset"} <= set(variables):
        # Thumbnails, which `common.data.thumbnails` reads.
        variables = {
            name: variable
            for name, variable in variables.items()
            if name not in ("jpeg", "offset", "index")
        }
    recognised = recognition.recognise(variables, recognition.parse(names))
    fields, notes = assembly.load(recognised)
    kept = _originals(variables)
    fields["originals"] = originals.read(
        path.absolute().parent, kept, lambda key: variables[key].load()
    )
    for variable in recognised.unused:
        if variable.checked:
            # Damage may be why nothing recognised it.
            variable.load()
    unused = [v.label for v in recognised.unused if v.name not in kept]
    if unused:
        notes.append(f"not read: {', '.join(unused)}")
    return fields, notes


def _originals(variables: Mapping[str, Variable]) -> set[str]:
    """Names of what is kept of the items as they were."""
    kept = set()
    for name, variable in variables.items():
        own = name in ("captions", "paths", "folder")
        packed = f"{name}_offset" in variables
        if (own or name.startswith("column.")) and (
            packed or variable.kind == STRINGS or len(variable.shape) < 2
        ):
            kept |= {name, f"{name}_offset"} if packed else {name}
    return kept


def _variables(path: pathlib.Path) -> Mapping[str, Variable]:
    files = opening.files(path)
    if not files and not path.exists():
        raise DataError(
            f"No data set at {path}: expected `{OPENCLIPART}`, a .npz file, "
            "a folder of .npy files, or files of another project (README.md)."
        )
    own = {path / "image.npy", path / "text.npy"}
    if own <= set(files):
        # Our own data sets; other files may lie beside them.
        files = [file for file in files if file.suffix == ".npy"]
    return opening.variables(files)


def _listed(path) -> str:
    names = (
        sorted(file.name for file in path.iterdir()) if path.is_dir() else []
    )
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return shown or "nothing"


def _data(fields, notes, form, source) -> arrays.CrossModalData:
    """Checks and completes what was read."""
    if fields["text"].dtype.kind in "UO":
        fields["text"], fields["vocabulary"] = _words(fields["text"])
    for name in _STRINGS:
        if name in fields:
            fields[name] = np.ravel(fields[name]).astype(str)
    if "extractor" in fields:
        fields["extractor"] = str(np.ravel(fields["extractor"])[0])
    elif str(source) == OPENCLIPART:
        fields["extractor"] = embedded("extractor.json").read_text("utf-8")
    if "labels" in fields:
        understood = label_forms.understand(fields["labels"], form)
        fields["labels"] = understood.labels
        if understood.names is not None:
            fields.setdefault("label_names", understood.names)
        if understood.sentence:
            notes.append(f"labels: {understood.sentence}")
    if "groups" in fields:
        fields["groups"] = groups.given(fields["groups"])
    else:
        fields["groups"] = groups.find(fields["image"], fields.get("ids"))
    if fields["groups"] is not None:
        notes.append(groups.sentence(fields["groups"]))
    if "parts" in fields and fields["groups"] is not None:
        shared = groups.shared(fields["groups"], fields["parts"])
        if shared:
            notes.append(shared)
    return arrays.CrossModalData(**fields, notes=tuple(notes))


def _words(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A bag of words of sentences, and its vocabulary."""
    if texts.dtype.kind == "O":
        texts = np.array([_sentence(text) for text in texts.ravel()])
    return bow.fit(np.ravel(texts))


def _sentence(value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return " ".join(value)
    raise ValueError(
        "a text must be a sentence or a list of words; one is "
        f"{str(value)[:40]}"
    )
