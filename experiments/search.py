r"""Answers a text, a picture or an item from a finished run's codes.

python -m experiments.search --text="red flower"
python -m experiments.search --run=runs/NAME --image=FILE.png
python -m experiments.search --run=runs/NAME --item=ID --top_k=20
python -m experiments.search --run=runs/NAME --vector=FILE.npy --ask_with=text
python -m experiments.search --image=FILE.png --find=image
python -m experiments.search --text="red flower" --uri=http://127.0.0.1:19530
"""

import dataclasses
import os
import pathlib

import numpy as np
from absl import flags

from common.hamming import milvus_engine
from common.runs import finished as finished_runs
from common.runs import flags as common_flags
from common.runs import queries
from common.runs import runner
from experiments import milvus_index

_DEFAULT_TOP_K = 8
# What is found by default: the modality that does not ask.
OTHER = "other"
# Pixels of a picture that asks, where it is shown.
_SHOWN = 128


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a query found: data rows, nearest first, and their distances.

    `notes` says which words were not taken as they were typed; `picture` is
    one that asked, RGB pixels to look at.
    """

    query: str
    query_row: int | None
    rows: np.ndarray
    distances: np.ndarray
    notes: tuple[str, ...] = ()
    picture: np.ndarray | None = None


def search_text(
    finished: finished_runs.FinishedRun,
    text: str,
    top_k: int = _DEFAULT_TOP_K,
    server: milvus_engine.MilvusIndex | None = None,
    find: str = OTHER,
) -> Answer:
    """Finds the images, or other texts, nearest to a text.

    Args:
        finished: The run.
        text: Words to ask with.
        top_k: Number of results.
        server: Where the codes are searched, by default in the run's own file.
        find: `image`, `text`, or the `other` modality than what asks.

    Raises:
        ValueError: The run's data has no vocabulary, or neither these words
            nor any near them.
    """
    encoder = queries.QueryEncoder(finished)
    understood = encoder.understand(text)
    query = " ".join(understood.known)
    packed = encoder.texts(encoder.bags([query]))
    found = _found("text", find)
    answer = _answer(finished, query, None, packed, found, top_k, server)
    return dataclasses.replace(answer, notes=tuple(understood.notes()))


def search_image(
    finished: finished_runs.FinishedRun,
    file: str | os.PathLike,
    weights: str = "",
    top_k: int = _DEFAULT_TOP_K,
    server: milvus_engine.MilvusIndex | None = None,
    find: str = OTHER,
) -> Answer:
    """Finds the texts, or other images, nearest to a picture.

    Args:
        finished: The run.
        file: The picture, of any size.
        weights: The extractor's weights; empty where they were.
        top_k: Number of results.
        server: As for `search_text`.
        find: As for `search_text`.

    Raises:
        ValueError: The data's features are of unknown or other making, or
            the file is no picture.
        OSError: The weights are missing.
    """
    from common.backbones import photographs

    encoder = queries.QueryEncoder(finished, weights)
    # Before the file: without an extractor it does not matter.
    side = encoder.picture_side
    picture = photographs.open_file(file)
    packed = encoder.pictures(photographs.squeeze(picture, side)[None])
    name = os.path.basename(file)
    found = _found("image", find)
    answer = _answer(finished, name, None, packed, found, top_k, server)
    picture.thumbnail((_SHOWN, _SHOWN))
    return dataclasses.replace(answer, picture=np.asarray(picture))


def search_item(
    finished: finished_runs.FinishedRun,
    item: str,
    ask_with: str,
    top_k: int = _DEFAULT_TOP_K,
    server: milvus_engine.MilvusIndex | None = None,
    find: str = OTHER,
) -> Answer:
    """Finds what is nearest to an item's image or text.

    Args:
        finished: The run.
        item: Id of any item of the data set.
        ask_with: `image` finds texts, `text` finds images.
        top_k: Number of results.
        server: As for `search_text`.
        find: As for `search_text`.

    Raises:
        ValueError: There is no such item, or it has no image to ask with.
    """
    data = finished.data
    places = np.flatnonzero(data.ids == item)
    if not len(places):
        raise ValueError(
            f"No item {item!r} in the data set; ids look like "
            f"{str(data.ids[0])!r}."
        )
    row = int(places[0])
    encoder = queries.QueryEncoder(finished)
    if ask_with == "image":
        if row not in finished.pictured:
            raise ValueError(
                f"The item {item!r} has no picture; ask with --ask_with=text."
            )
        packed = encoder.images(data.image_features(places[:1]))
    else:
        packed = encoder.texts(data.text_features(places[:1]))
    found = _found(ask_with, find)
    query = f"{ask_with} of {item}"
    return _answer(finished, query, row, packed, found, top_k, server)


def search_vectors(
    finished: finished_runs.FinishedRun,
    file: str | os.PathLike,
    ask_with: str,
    top_k: int = _DEFAULT_TOP_K,
    server: milvus_engine.MilvusIndex | None = None,
    find: str = OTHER,
) -> list[Answer]:
    """Finds what is nearest to features or embeddings made elsewhere.

    Args:
        finished: The run.
        file: A `.npy` of one vector [d] or several [q, d], made as the data
            set's images or texts were.
        ask_with: `text` finds images, `image` finds texts.
        top_k: Number of results for each.
        server: As for `search_text`.
        find: As for `search_text`.

    Raises:
        ValueError: The file holds no finite vectors of that width.
    """
    from common.data.containers import numpy_files

    data = finished.data
    shape = (data.text_dim,) if ask_with == "text" else data.image_shape
    vectors = np.asarray(numpy_files.load_npy(pathlib.Path(file)))
    if (
        vectors.dtype.kind not in "fuib"
        or vectors.shape[-len(shape) :] != shape
    ):
        raise ValueError(
            f"{file} must hold numbers [{', '.join(map(str, shape))}] or "
            f"[queries, {', '.join(map(str, shape))}] to ask with "
            f"--ask_with={ask_with}; received shape {vectors.shape}, dtype "
            f"{vectors.dtype}."
        )
    with np.errstate(over="ignore"):
        vectors = vectors.reshape(-1, *shape).astype(np.float32)
    if not np.isfinite(vectors).all():
        raise ValueError(f"{file} holds values that float32 cannot hold.")
    encoder = queries.QueryEncoder(finished)
    encode = encoder.images if ask_with == "image" else encoder.texts
    packed = encode(vectors)
    found = _found(ask_with, find)
    name = os.path.basename(file)
    return [
        _answer(
            finished,
            f"{name} {place}",
            None,
            packed[place : place + 1],
            found,
            top_k,
            server,
        )
        for place in range(len(packed))
    ]


def show(finished: finished_runs.FinishedRun, answer: Answer) -> str:
    """The answer as lines: rank, distance, id, labels and words.

    Where captions were kept, they and the pictures' paths stand below.
    """
    from common.reports import figures

    data = finished.data
    lines = [f"{answer.query!r}: {len(answer.rows)} nearest"]
    lines = [*answer.notes, *lines]
    for place, (row, distance) in enumerate(
        zip(answer.rows, answer.distances, strict=True), start=1
    ):
        labels = figures.labels(data, row)
        labels = f"  [{labels}]" if labels else ""
        head = f"{place:3d}. {distance:3d} bits  {data.ids[row]}{labels}"
        if data.originals is None:
            lines.append(f"{head}  {figures.words(data, row)[:60]}")
            continue
        lines += [head, *(f"     {line}" for line in _original(data, row))]
    return "\n".join(lines)


def _original(data, row) -> list[str]:
    """The caption as it was written, and where the picture is."""
    from common.reports import figures

    lines = figures.caption(data, row).splitlines()
    paths = data.originals.paths
    return lines if paths is None else [*lines, paths[row]]


def draw(
    finished: finished_runs.FinishedRun, answer: Answer, path: pathlib.Path
) -> bool:
    """Writes the answer as a picture; False where there are no thumbnails."""
    from common.data import thumbnails
    from common.reports import figures
    from common.system import files

    pictures = thumbnails.for_dataset(
        finished.record["run"]["dataset"], finished.record["run"]["thumbnails"]
    )
    if pictures is None:
        return False
    shown = answer.picture
    if answer.query_row is not None:
        shown = pictures.picture(answer.query_row)
    sheet = figures.picture_sheet(
        [(answer.query, shown)],
        answer.rows[None],
        answer.distances[None],
        pictures,
    )
    with files.atomic_write(path) as file:
        file.write(figures.png(sheet))
    return True


def draw_where(
    finished: finished_runs.FinishedRun, answer: Answer, picture: str
) -> None:
    """Draws where `--picture` says, or in the run, and tells of it.

    Args:
        finished: The run.
        answer: What was found.
        picture: Target; empty draws in the run, if that can be.

    Raises:
        ValueError: There is a target, and nothing to draw.
        OSError: The target cannot be written.
    """
    path = pathlib.Path(
        picture or finished.directory / "figures" / "search.png"
    )
    try:
        drawn = draw(finished, answer, path)
    except (ValueError, OSError) as error:
        if picture:
            raise
        # Nobody asked for it, and the run may be another's.
        print(f"Warning: no picture: {error}")
        return
    if drawn:
        print(f"Picture: {path}")
    elif picture:
        raise ValueError(
            "--picture draws thumbnails, and this run has none; train with "
            "--thumbnails, or leave --picture out."
        )


def _found(ask_with: str, find: str) -> str:
    """The modality that is searched."""
    if find != OTHER:
        return find
    return "text" if ask_with == "image" else "image"


def _answer(finished, query, query_row, packed, found, top_k, server) -> Answer:
    from common.hamming import codes

    asked = codes.PackedCodes(packed, finished.bits)
    if server is None:
        index = finished_runs.retrieval_index(finished, found)
        distances, rows = index.search(asked, top_k)
    else:
        distances, rows = server.search(asked, top_k, found)
    return Answer(query, query_row, rows[0], distances[0])


def _define_flags() -> None:
    common_flags.define_run()
    common_flags.define_dataset()
    flags.DEFINE_string("text", "", "Words to ask with.")
    common_flags.define_path("image", "", "Picture file to ask with.")
    common_flags.define_path("weights", "", "For --image; empty: as extracted.")
    flags.DEFINE_string("item", "", "Id of an item to ask with.")
    common_flags.define_path(
        "vector", "", "A .npy of features or embeddings to ask with."
    )
    flags.DEFINE_enum(
        "ask_with",
        "image",
        ("image", "text"),
        "What --item asks with and --vector is.",
    )
    flags.DEFINE_enum(
        "find",
        OTHER,
        (OTHER, "image", "text"),
        "What is found; other: texts for a picture, pictures for a text.",
    )
    flags.DEFINE_integer(
        "top_k", _DEFAULT_TOP_K, "Number of results.", lower_bound=1
    )
    milvus_index.define_flags("")
    common_flags.define_path("picture", "", "Where to draw; empty: in the run.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    with runner.one_sentence_errors():
        asked = given.text, given.image, given.item, given.vector
        if sum(map(bool, asked)) != 1:
            raise ValueError(
                "Ask with one of --text, --image, --item and --vector."
            )
        finished = finished_runs.open_run(given.run, given.dataset)
    runner.import_tensorflow()
    with runner.one_sentence_errors():
        server = None
        if given.uri:
            server = milvus_index.connect(finished)
        how = {"top_k": given.top_k, "server": server, "find": given.find}
        if given.vector:
            for answer in search_vectors(
                finished, given.vector, given.ask_with, **how
            ):
                print(show(finished, answer))
            return
        if given.text:
            answer = search_text(finished, given.text, **how)
        elif given.image:
            answer = search_image(finished, given.image, given.weights, **how)
        else:
            answer = search_item(finished, given.item, given.ask_with, **how)
        print(show(finished, answer))
        draw_where(finished, answer, given.picture)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
