r"""Puts a finished run's codes, or a job's, on a Milvus server.

python -m experiments.milvus_index --run=runs/NAME --load
python -m experiments.milvus_index --run=runs/NAME --drop
python -m experiments.milvus_index --codes=FOLDER --load

Needs the `milvus` extra. `--codes` takes what `beam_encode` made. Loading again
sends only what the server does not have yet. `python -m experiments.search
--uri=URI` then asks the server for what is in a run.
"""

import pathlib
import re

from absl import flags

from common.hamming import exchange
from common.hamming import milvus_engine
from common.runs import finished as finished_runs
from common.runs import flags as common_flags
from common.runs import runner
from common.system import files

_MODALITIES = ("image", "text")


def define_flags(uri: str) -> None:
    """Defines `--uri` with this default, `--collection` and `--token`."""
    flags.DEFINE_string("uri", uri, "A Milvus server that has the codes.")
    flags.DEFINE_string(
        "collection", "", "Its collection; empty: named after the run."
    )
    flags.DEFINE_string("token", "", "user:password or key for the server.")
    common_flags.show_in_help("uri", "collection", "token")


def connect(finished: finished_runs.FinishedRun) -> milvus_engine.MilvusIndex:
    """The run's collection on the server of the flags.

    Raises:
        extras.NotInstalledError: pymilvus is not installed.
        ValueError: The collection is another's.
        ConnectionError: No server answers.
    """
    return _connect(collection_name(finished.directory), finished.bits)


def collection_name(directory: pathlib.Path) -> str:
    """The folder's name, with underscores for what Milvus does not take."""
    folder = directory.resolve().name
    return "run_" + re.sub(r"\W", "_", folder, flags=re.ASCII)


def _connect(name: str, bits: int) -> milvus_engine.MilvusIndex:
    given = flags.FLAGS
    return milvus_engine.MilvusIndex(
        given.uri, given.collection or name, bits, given.token
    )


def load(
    finished: finished_runs.FinishedRun,
    server: milvus_engine.MilvusIndex,
    kind: str,
) -> dict[str, tuple[int, int]]:
    """Sends the codes of the retrieval items, images and texts.

    Args:
        finished: The run.
        server: Where to; the collection is created if it is not there.
        kind: One of `milvus_engine.KINDS`.

    Returns:
        For each modality the number of items, and of those that were sent.
    """
    from common.training import bars

    server.create(kind)
    counts = {}
    for modality in _MODALITIES:
        index = finished_runs.retrieval_index(finished, modality)
        show = bars.show_progress("Milvus", len(index))
        sent = server.upsert(
            index,
            modality,
            resume=True,
            progress=lambda done, m=modality, show=show: show(m, done),
        )
        counts[modality] = len(index), sent
    return counts


def load_folder(
    folder: pathlib.Path,
    bits: int,
    server: milvus_engine.MilvusIndex,
    kind: str,
) -> dict[str, tuple[int, int]]:
    """Sends the codes of a folder of Parquet files, one after the other.

    Args:
        folder: Where they are.
        bits: K, the code length.
        server: As for `load`.
        kind: As for `load`.

    Returns:
        As `load`.
    """
    server.create(kind)
    counts = {}
    for path in sorted(folder.glob("*.parquet")):
        for modality, index in exchange.read_parquet(path, bits).items():
            sent = server.upsert(index, modality, resume=True)
            before = counts.get(modality, (0, 0))
            counts[modality] = before[0] + len(index), before[1] + sent
    return counts


def _define_flags() -> None:
    common_flags.define_run()
    common_flags.define_dataset()
    common_flags.define_path(
        "codes", "", "Folder that beam_encode made, in place of --run."
    )
    define_flags("http://127.0.0.1:19530")
    flags.DEFINE_enum(
        "kind", "BIN_FLAT", milvus_engine.KINDS, "Index of a new collection."
    )
    flags.DEFINE_bool("load", False, "Send the run's codes.")
    flags.DEFINE_bool("drop", False, "Remove the run's collection.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    with runner.one_sentence_errors():
        if given.load == given.drop:
            raise ValueError("Give either --load or --drop.")
        if given.codes and given.run:
            raise ValueError("Give either --run or --codes.")
        if given.codes:
            exchange.require_pyarrow()
            folder = pathlib.Path(given.codes)
            bits = _bits_of(folder)
            server = _connect(collection_name(folder), bits)
        else:
            finished = finished_runs.open_run(given.run, given.dataset)
            server = connect(finished)
        if given.drop:
            server.drop()
            print(f"{server.name} is dropped.")
            return
    if given.codes:
        counts = load_folder(folder / "codes", bits, server, given.kind)
    else:
        runner.import_tensorflow()
        counts = load(finished, server, given.kind)
    for modality, (count, sent) in counts.items():
        print(f"{modality}: {count:,} codes, {sent:,} of them sent")


def _bits_of(folder: pathlib.Path) -> int:
    path = folder / "encode.json"
    if not path.is_file():
        raise ValueError(
            f"{folder} is no finished job: there is no {path}; run "
            "`python -m experiments.beam_encode` to its end."
        )
    return files.read_json(path)["settings"]["bits"]


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
