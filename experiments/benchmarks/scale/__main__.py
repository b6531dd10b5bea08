r"""Does all that is done with a data set of NUS-WIDE's size, and measures it.

    python -m experiments.benchmarks.scale --folder=FOLDER --output=scale.json

Makes the data set, inspects it, finds UGACH's graph, trains UGACH, UCH and
SSAH, exports, encodes, evaluates over the whole retrieval set, searches; then
finds graphs of 10,000 rows and more by both builders. Each part is a process
of its own. The same command again skips what is done and goes on with a
training that was cut off. The full size takes 5 GB of disk.
"""

import pathlib

from absl import flags

from common.runs import flags as common_flags
from common.runs import provenance
from common.runs import runner
from common.system import files
from experiments.benchmarks.scale import drawing
from experiments.benchmarks.scale import imitation
from experiments.benchmarks.scale import measuring
from experiments.benchmarks.scale import parts
from experiments.benchmarks.scale import work


def measure(
    folder: pathlib.Path, size: imitation.Size, most_exact: int
) -> dict:
    """Runs every part that was not run yet.

    Args:
        folder: Where everything goes.
        size: Of the data set.
        most_exact: Rows of the largest exact graph.

    Returns:
        The content of `scale.json`.

    Raises:
        ValueError: A part failed, or the folder holds another size.
    """
    _keep_size(folder / "size.json", size)
    found = []
    for part in parts.whole(folder, size):
        print(part.name, flush=True)
        found.append(measuring.measured(part, folder))
    graphs = []
    for part in parts.graphs(folder, size, most_exact):
        print(part.name, flush=True)
        builder, rows = part.name.split()
        one = measuring.measured(part, folder)
        graphs.append({**one, "builder": builder, "rows": int(rows)})
    known = []
    for one in [*found, *graphs]:
        (one["made_by"],) = provenance.places([one["made_by"]], known)
    return {
        "kind": "scale",
        "provenance": known,
        "items": size.items,
        "image_dim": size.image_dim,
        "tags": size.tags,
        "parts": found,
        "graphs": graphs,
    }


def _keep_size(path: pathlib.Path, size: imitation.Size) -> None:
    wanted = [size.items, size.image_dim, size.tags, size.seed]
    if path.is_file() and files.read_json(path) != wanted:
        raise ValueError(
            f"{path.parent} holds a data set of another size or seed; take "
            "another --folder, or remove this one."
        )
    files.write_json(path, wanted)


def _define_flags() -> None:
    common_flags.define_path("folder", None, "Folder for everything.")
    flags.DEFINE_integer("items", 186_577, "Pairs.", 200)
    flags.DEFINE_integer("image_dim", 4096, "Image columns.", 1)
    flags.DEFINE_integer("tags", 1000, "Words.", 1)
    flags.DEFINE_integer("seed", 0, "Seed of the data.", 0)
    flags.DEFINE_integer(
        "most_exact", 50_000, "Rows of the largest exact graph.", 0
    )
    flags.DEFINE_enum("only", None, work.NAMES, "Only do this, in --folder.")
    flags.DEFINE_integer("rows", 0, "With --only=exact or approximate.")
    common_flags.define_path("output", "", "A .json file for the figures.")
    flags.mark_flag_as_required("folder")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    folder = pathlib.Path(given.folder).absolute()
    size = imitation.Size(given.items, given.image_dim, given.tags, given.seed)
    if given.only:
        splits = parts.split_flags(size, "ugach")
        work.do(given.only, folder, size, given.rows, splits)
        return
    with runner.one_sentence_errors():
        folder.mkdir(parents=True, exist_ok=True)
        found = measure(folder, size, given.most_exact)
    print(drawing.markdown(found))
    if given.output:
        files.write_json(given.output, found)
        path = pathlib.Path(given.output).with_suffix(".png")
        with files.atomic_write(path) as file:
            file.write(drawing.picture(found["graphs"]))


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
