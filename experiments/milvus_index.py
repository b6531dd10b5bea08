r"""Puts a finished run's codes on a Milvus server.

python -m experiments.milvus_index --run=runs/NAME --load
python -m experiments.milvus_index --run=runs/NAME --drop

Needs the `milvus` extra. Loading again sends only what the server does not have
yet. `python -m experiments.search --uri=URI` then asks the server.
"""

import re

from absl import app
from absl import flags

from common import milvus_engine
from common import runner
from experiments import runs

_MODALITIES = ("image", "text")


def define_flags(uri: str) -> None:
    """Defines `--uri` with this default, `--collection` and `--token`."""
    flags.DEFINE_string("uri", uri, "A Milvus server that has the codes.")
    flags.DEFINE_string(
        "collection", "", "Its collection; empty: named after the run."
    )
    flags.DEFINE_string("token", "", "user:password or key for the server.")


def connect(finished: runs.FinishedRun) -> milvus_engine.MilvusIndex:
    """The run's collection on the server of the flags.

    Raises:
        ValueError: pymilvus is not installed, or the collection is another's.
        ConnectionError: No server answers.
    """
    given = flags.FLAGS
    name = given.collection or collection_name(finished)
    try:
        return milvus_engine.MilvusIndex(
            given.uri, name, finished.bits, given.token
        )
    except ImportError as error:
        raise ValueError(str(error)) from error


def collection_name(finished: runs.FinishedRun) -> str:
    """The run's folder, with underscores for what Milvus does not take."""
    folder = finished.directory.resolve().name
    return "run_" + re.sub(r"\W", "_", folder, flags=re.ASCII)


def load(
    finished: runs.FinishedRun, server: milvus_engine.MilvusIndex, kind: str
) -> dict[str, tuple[int, int]]:
    """Sends the codes of the retrieval items, images and texts.

    Args:
        finished: The run.
        server: Where to; the collection is created if it is not there.
        kind: One of `milvus_engine.KINDS`.

    Returns:
        For each modality the number of items, and of those that were sent.
    """
    from common import fitting

    server.create(kind)
    counts = {}
    for modality in _MODALITIES:
        index = runs.retrieval_index(finished, modality)
        show = fitting.show_progress("Milvus", len(index))
        sent = server.upsert(
            index,
            modality,
            resume=True,
            progress=lambda done, m=modality, show=show: show(m, done),
        )
        counts[modality] = len(index), sent
    return counts


def _define_flags() -> None:
    runs.define_flag()
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
        finished = runs.open_run(given.run)
        server = connect(finished)
        if given.drop:
            server.drop()
            print(f"{server.name} is dropped.")
            return
    runner.import_tensorflow()
    for modality, (count, sent) in load(finished, server, given.kind).items():
        print(f"{modality}: {count:,} codes, {sent:,} of them sent")


if __name__ == "__main__":
    _define_flags()
    app.run(_main)
