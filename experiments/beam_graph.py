r"""Finds the exact nearest neighbours of every row, on Apache Beam.

python -m experiments.beam_graph --image="FOLDER/image-*.npy" \
    --text="FOLDER/text-*.npy" --graph_size=10 --output_dir=FOLDER --workers=2

Needs the `beam` extra. `graph.npz` holds `neighbours` [n, 1 + 2k]: an item, its
nearest by image and its nearest by text, as `ugach.graph` finds them, bit for
bit; with one modality [n, 1 + k]. A task finds the neighbours of
`--rows_per_task` rows and keeps them in `parts/`; the same command again does
only those that are missing. What follows `--` is Beam's.
"""

import os

from absl import flags

from common.data.neighbours import exact
from common.runs import flags as common_flags
from common.runs import runner


def find(given: flags.FlagValues, options: list[str]) -> dict:
    """Finds what the flags say.

    Returns:
        The content of `graph.json`.
    """
    from common.beam import jobs
    from common.beam import nearest

    with runner.one_sentence_errors():
        tasks = nearest.plan(
            _features(given),
            given.output_dir,
            given.graph_size,
            given.graph_metric,
            given.rows_per_task,
        )
    jobs.run(nearest.find_part, tasks, options)
    return nearest.finish(tasks)


def _features(given) -> dict:
    from common.beam import matrix
    from common.beam import sources

    scales = {"image": given.image_scale, "text": ""}
    found = {
        name: matrix.Features(
            tuple(path.resolve() for path in sources.find(given[name].value)),
            scale and os.path.abspath(scale),
        )
        for name, scale in scales.items()
        if given[name].value
    }
    if not found:
        raise ValueError("Give --image, --text or both.")
    return found


def _define_flags() -> None:
    flags.DEFINE_string("image", "", "Pattern of .npy shards of features.")
    flags.DEFINE_string("text", "", "Pattern of .npy shards of bags of words.")
    flags.DEFINE_string(
        "image_scale",
        "",
        "A .npy with the step of each quantised column, or a .npz that holds "
        "it as `image_scale`.",
    )
    flags.DEFINE_integer("graph_size", 10, "k, neighbours per modality.", 1)
    flags.DEFINE_enum(
        "graph_metric", "euclidean", exact.METRICS, "What is near."
    )
    flags.DEFINE_integer(
        "rows_per_task",
        16 * exact.QUERY_BLOCK,
        f"Rows of a task, a multiple of {exact.QUERY_BLOCK}; more need "
        "more memory, fewer read the features more often.",
        lower_bound=exact.QUERY_BLOCK,
    )
    common_flags.define_path("output_dir", None, "Folder for what is made.")
    flags.DEFINE_integer(
        "workers", 1, "Processes of Beam's DirectRunner.", lower_bound=1
    )
    flags.mark_flag_as_required("output_dir")


def _main(arguments: list[str]) -> None:
    from common.beam import jobs

    with runner.one_sentence_errors():
        options = jobs.options(flags.FLAGS.workers, arguments[1:])
        jobs.check(options)
    made = find(flags.FLAGS, options)
    held = made["settings"]["modalities"]
    print(
        f"{made['settings']['graph_size']} neighbours of "
        f"{next(iter(held.values()))['rows']:,} rows by {' and '.join(held)}"
    )
    print(f"SHA-256 {made['sha256']}")


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
