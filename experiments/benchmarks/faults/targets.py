"""Every reader of files: a small whole input of each, and how it is read."""

import dataclasses
import hashlib
import io
import pathlib
from collections.abc import Callable

import numpy as np

from common.data import arrays
from common.system import files

_ITEMS, _BITS = 24, 12


@dataclasses.dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        make: Writes a whole input into a folder; returns its path, or that of
            the folder of several files.
        read: Reads it; what it returns is compared.
        checked: Whether we wrote a checksum, so that nothing may be read that
            differs from what was written.
        tensorflow: Whether reading takes TensorFlow.
    """

    make: Callable[[pathlib.Path], pathlib.Path]
    read: Callable[[pathlib.Path], dict[str, np.ndarray]]
    checked: bool = False
    tensorflow: bool = False


def named() -> dict[str, Target]:
    """The readers by name."""
    return {
        "npz": Target(_npz, _data, checked=True),
        "npy_folder": Target(_npy_folder, _data),
        "matlab5": Target(_matlab5, _data),
        "matlab73": Target(_matlab73, _data),
        "parquet": Target(_clip_retrieval, _data),
        "index_parquet": Target(_index_parquet, _read_parquet, checked=True),
        "captions_csv": Target(_csv, _captions),
        "captions_json": Target(_captions_json, _captions),
        "index": Target(_index, _read_index, checked=True),
        "codes": Target(_codes, _read_codes, checked=True),
        "split": Target(_split, _read_split, checked=True),
        "run": Target(_run, _read_run),
        "graph": Target(_graph, _read_graph, checked=True),
        "thumbnails": Target(_thumbnails, _read_thumbnails, checked=True),
        "saved_model": Target(_saved_model, _read_model, tensorflow=True),
    }


def summary(content: dict[str, np.ndarray]) -> str:
    """What tells whether two inputs were read alike."""
    digest = hashlib.sha256()
    for name in sorted(content):
        array = np.asarray(content[name])
        digest.update(f"{name}{files.array_digest(array)}".encode())
    return digest.hexdigest()


def _arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    text = rng.integers(0, 2, (_ITEMS, 7)).astype(np.uint8)
    text[:, 0] = 1
    return {
        "image": rng.random((_ITEMS, 5)).astype(np.float32),
        "text": text,
        "labels": np.eye(3, dtype=np.uint8)[np.arange(_ITEMS) % 3],
    }


def _data(path) -> dict[str, np.ndarray]:
    from common.data import readers

    found = readers.read(path)
    rows = np.arange(len(found))
    content = {
        "image": found.image_features(rows),
        "text": found.text_features(rows),
    }
    for name in ("labels", "ids", "vocabulary", "label_names", "groups"):
        if getattr(found, name) is not None:
            content[name] = np.asarray(getattr(found, name))
    return content


def _npz(folder) -> pathlib.Path:
    path = folder / "data.npz"
    files.write_npz(
        path,
        **_arrays(),
        ids=np.array([f"item{row}" for row in range(_ITEMS)]),
        vocab=np.array([f"word{column}" for column in range(7)]),
        label_names=np.array(["sea", "sky", "cat"]),
    )
    return path


def _npy_folder(folder) -> pathlib.Path:
    for name, array in _arrays().items():
        np.save(folder / f"{name}.npy", array)
    return folder


def _matlab5(folder) -> pathlib.Path:
    import scipy.io
    import scipy.sparse

    found = _arrays()
    path = folder / "data.mat"
    scipy.io.savemat(
        path,
        {
            "XAll": found["image"],
            "YAll": scipy.sparse.csc_array(found["text"].astype(np.float64)),
            "LAll": found["labels"],
        },
        do_compression=True,
    )
    return path


def _matlab73(folder) -> pathlib.Path:
    import h5py

    found = _arrays()
    path = folder / "data.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset(
            "XAll", data=found["image"].T, compression="gzip", chunks=True
        )
        file["LAll"] = found["labels"].T.astype(np.float64)
        for name in ("XAll", "LAll"):
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
        group = file.create_group("YAll")
        row, column = np.nonzero(found["text"].T)[::-1]
        group.attrs["MATLAB_sparse"] = np.uint64(_ITEMS)
        group["ir"] = row.astype(np.uint64)
        group["jc"] = np.searchsorted(column, np.arange(8)).astype(np.uint64)
        group["data"] = np.ones(len(row))
    return path


def _clip_retrieval(folder) -> pathlib.Path:
    import pyarrow
    from pyarrow import parquet

    found = _arrays()
    for name, array in (
        ("img_emb", found["image"]),
        ("text_emb", found["image"][:, ::-1]),
    ):
        (folder / name).mkdir()
        np.save(folder / name / f"{name}_0.npy", array)
    (folder / "metadata").mkdir()
    table = pyarrow.table(
        {
            "image_path": [f"p/{row // 2}.jpg" for row in range(_ITEMS)],
            "caption": [f"text {row}" for row in range(_ITEMS)],
            "labels": [["sea", "sky"], ["cat"]] * (_ITEMS // 2),
        }
    )
    parquet.write_table(table, folder / "metadata" / "metadata_0.parquet")
    return folder


def _packed(seed=0):
    from common.hamming import codes

    rng = np.random.default_rng(seed)
    return codes.PackedCodes.from_bits(rng.random((_ITEMS, _BITS)) < 0.5)


def _hamming():
    from common.hamming import index

    made = index.HammingIndex(_BITS)
    made.add(_packed(), 3 * np.arange(_ITEMS))
    return made


def _items(index) -> dict[str, np.ndarray]:
    packed, ids = index.items()
    return {"rows": np.asarray(packed.rows), "ids": np.asarray(ids)}


def _index(folder) -> pathlib.Path:
    _hamming().save(folder / "codes.index")
    return folder / "codes.index"


def _read_index(path) -> dict[str, np.ndarray]:
    from common.hamming import index

    return _items(index.HammingIndex.load(path))


def _index_parquet(folder) -> pathlib.Path:
    from common.hamming import exchange

    exchange.write_parquet({"image": _hamming()}, folder / "codes.parquet")
    return folder / "codes.parquet"


def _read_parquet(path) -> dict[str, np.ndarray]:
    from common.hamming import exchange

    return _items(exchange.read_parquet(path, _BITS)["image"])


def _csv(folder) -> pathlib.Path:
    lines = [f'{row}.jpg,"a cat, ""no"" {row}",cat' for row in range(_ITEMS)]
    path = folder / "captions.csv"
    path.write_text("\n".join(["filename,caption,label", *lines]), "utf-8")
    return path


def _captions_json(folder) -> pathlib.Path:
    pictures = [{"id": r, "file_name": f"{r}.jpg"} for r in range(_ITEMS)]
    texts = [
        {"id": row, "image_id": row, "caption": f"a cat {row}"}
        for row in range(_ITEMS)
    ]
    path = folder / "captions.json"
    files.write_json(path, {"images": pictures, "annotations": texts})
    return path


def _captions(path) -> dict[str, np.ndarray]:
    from common.data.captions import reading

    found = reading.read(path)
    names = [f"{one.name} {one.texts} {one.labels}" for one in found.entries]
    return {"entries": np.array(names)}


def _codes(folder) -> pathlib.Path:
    from common.runs import encoding

    parts = [_packed(seed) for seed in range(4)]
    encoding.SplitCodes(*parts).save(folder / "codes.npz")
    return folder / "codes.npz"


def _read_codes(path) -> dict[str, np.ndarray]:
    from common.runs import encoding

    found = encoding.load(path)
    names = ("query_image", "query_text", "retrieval_image", "retrieval_text")
    return {name: getattr(found, name).rows for name in names}


def _split(folder) -> pathlib.Path:
    from common.data import splits

    splits.make(np.arange(_ITEMS), 5).save(folder / "split.npz")
    return folder / "split.npz"


def _read_split(path) -> dict[str, np.ndarray]:
    from common.data import splits

    found = splits.load(path)
    return {part: getattr(found, part) for part in splits.PARTS}


def _run(folder) -> pathlib.Path:
    """A finished run's `run.json` and `metrics.json`; its data lies beside."""
    from common.data import splits
    from common.runs import records
    from common.runs import run as common_run
    from ugach import config as ugach_config

    data = arrays.CrossModalData(**_arrays())
    split = splits.make(np.arange(_ITEMS), 5)
    beside = folder.parent / f"{folder.name}.npz"
    files.write_npz(beside, **_arrays())
    split.save(folder.parent / f"{folder.name}.split")
    run = common_run.Run(dataset=str(beside), output_dir=str(folder))
    files.write_json(
        folder / "run.json",
        records.describe(
            run, "ugach", ugach_config.Config(bits=12), data, split
        )
        | {"provenance": [{"code": {"version": "1"}, "machine": {}}]},
    )
    found = {"map_all": 0.5, "chance": 0.25}
    files.write_json(
        folder / "metrics.json",
        {"bits": _BITS, "i2t": found, "t2i": found, "ranked_by": "distance"},
    )
    return folder


def _read_run(path) -> dict[str, np.ndarray]:
    from common.runs import finished
    from common.runs import records

    record = records.load(path)
    told = [record["config"]["bits"], record["method"]]
    told += [finished.ranked_by_score(path), records.made_by(path)]
    found = finished._run(path, record["run"])
    return {"told": np.array(repr(told)), "run": np.array(repr(found))}


def _graph(folder) -> pathlib.Path:
    _cached_graph(folder)
    return folder


def _read_graph(path) -> dict[str, np.ndarray]:
    return {"graph": _cached_graph(path)}


def _cached_graph(folder) -> np.ndarray:
    from ugach import graph

    data = arrays.CrossModalData(**_arrays())
    rows = np.arange(_ITEMS)
    return graph.cached_correlation_graph(folder, data, rows, 3, "cosine")


def _thumbnails(folder) -> pathlib.Path:
    from PIL import Image

    parts = []
    for row in range(4):
        buffer = io.BytesIO()
        Image.new("RGB", (12, 8), (60 * row, 40, 200)).save(buffer, "JPEG")
        parts.append(np.frombuffer(buffer.getvalue(), np.uint8))
    files.write_npz(
        folder / "thumbnails.npz",
        jpeg=np.concatenate(parts),
        offset=np.cumsum([0, *map(len, parts)]),
        index=np.arange(4),
    )
    return folder / "thumbnails.npz"


def _read_thumbnails(path) -> dict[str, np.ndarray]:
    from common.data import thumbnails

    found = thumbnails.Thumbnails(path)
    return {str(row): found.decoded(row) for row in found.rows}


def _saved_model(folder) -> pathlib.Path:
    """A model whose signatures are those of an exported one."""
    import tensorflow as tf

    module = tf.Module()
    signatures = {}
    for name, width in (("image", 5), ("text", 7)):
        kernel = tf.Variable(np.ones((width, _BITS), np.float32))
        setattr(module, name, kernel)
        signatures[f"encode_{name}"] = _signature(kernel, name, width)
    path = folder / "saved_model"
    tf.saved_model.save(module, str(path), signatures)
    return path


def _signature(kernel, name, width):
    import tensorflow as tf

    @tf.function(
        input_signature=[tf.TensorSpec([None, width], tf.float32, name=name)]
    )
    def encode(inputs):
        bits = tf.cast(tf.matmul(inputs, kernel) > 0, tf.uint8)
        return {"bits": bits, "packed": bits[:, :2]}

    return encode


def _read_model(path) -> dict[str, np.ndarray]:
    from common.runs import exported

    found = exported.load(path, _BITS)
    image = np.ones((2, 5), np.float32)
    return {"image": np.asarray(found.image(image))}
