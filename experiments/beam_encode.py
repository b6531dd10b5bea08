r"""Hashes shards of features with an exported model, on Apache Beam.

python -m experiments.beam_encode --run=runs/NAME --modality=image \
    --features="FOLDER/image-*.npy" --output_dir=FOLDER --workers=2
python -m experiments.beam_encode --model=SAVED_MODEL --modality=text \
    --features="FOLDER/*.parquet" --output_dir=FOLDER -- \
    --runner=PortableRunner --job_endpoint=HOST:PORT \
    --environment_type=EXTERNAL --environment_config=HOST:PORT

Needs the `beam` extra. Makes a Parquet file of `id`, `code` and `modality` in
`codes/` for each shard, lists rows that could not be encoded in
`dead_letters-*.jsonl`, and ends with `encode.json`. The same command again does
only the shards that are missing. What follows `--` is Beam's.
"""

import pathlib

from absl import flags

from common.runs import finished as finished_runs
from common.runs import flags as common_flags
from common.runs import runner


def encode(given: flags.FlagValues, options: list[str]) -> dict:
    """Encodes what the flags say.

    Returns:
        The content of `encode.json`.

    Raises:
        ValueError: Something does not fit together.
    """
    from common.beam import encoding
    from common.beam import jobs
    from common.beam import manifest
    from common.beam import sources

    with runner.one_sentence_errors():
        tasks = encoding.plan(
            sources.find(given.features),
            given.output_dir,
            _model(given),
            given.modality,
            given.column,
            given.scale,
            given.count_ids,
        )
    jobs.run(encoding.encode_shard, tasks, options)
    with runner.one_sentence_errors():
        return manifest.finish(tasks)


def define_flags() -> None:
    """Defines the flags of this experiment."""
    common_flags.define_run()
    common_flags.define_path("model", "", "A SavedModel, in place of --run.")
    flags.DEFINE_string(
        "features", None, "Pattern of .npy, .parquet or .tfrecord shards."
    )
    flags.DEFINE_enum(
        "modality", "image", ("image", "text", "label"), "What shards hold."
    )
    flags.DEFINE_string(
        "column",
        "",
        "Parquet column or TFRecord feature with the numbers; empty: named "
        "after the modality.",
    )
    flags.DEFINE_bool(
        "count_ids", False, "Number all rows from 0 on; .npy always does."
    )
    flags.DEFINE_string(
        "scale",
        "",
        "A .npy with the step of each quantised column, or a .npz that holds "
        "it as `image_scale`.",
    )
    common_flags.define_path("output_dir", None, "Folder for what is made.")
    flags.DEFINE_integer(
        "workers", 1, "Processes of Beam's DirectRunner.", lower_bound=1
    )
    flags.mark_flags_as_required(["features", "output_dir"])


def _model(given) -> pathlib.Path:
    if given.model and given.run:
        raise ValueError("Give either --run or --model.")
    if given.model:
        return pathlib.Path(given.model)
    return pathlib.Path(given.run or finished_runs.newest()) / "saved_model"


def _main(arguments: list[str]) -> None:
    from common.beam import jobs

    given = flags.FLAGS
    with runner.one_sentence_errors():
        options = jobs.options(given.workers, arguments[1:])
        jobs.check(options)
    runner.import_tensorflow()
    made = encode(given, options)
    print(
        f"{made['encoded']:,} codes of {made['settings']['bits']} bits from "
        f"{len(made['shards'])} shards, {made['dead_letters']:,} dead letters"
    )
    print(f"SHA-256 {made['codes_sha256']}")


if __name__ == "__main__":
    define_flags()
    runner.run(_main)
