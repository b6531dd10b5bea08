r"""Writes a run's model in the formats of other runtimes.

    python -m experiments.export_model --run=runs/NAME --format=onnx
    python -m experiments.export_model --run=runs/NAME --format=tflite

The SavedModel itself is in the run's folder already, as `saved_model`. ONNX
gives a file for each signature and needs the `onnx` extra; TensorFlow Lite
gives one file for all. Neither takes sentences.
"""

import pathlib

from absl import flags

from common.runs import finished as finished_runs
from common.runs import flags as common_flags
from common.runs import records
from common.runs import runner
from common.system import files


def export(directory: pathlib.Path, kind: str) -> list[pathlib.Path]:
    """Converts the SavedModel in a run's folder.

    Args:
        directory: The run's folder.
        kind: `onnx` or `tflite`.

    Returns:
        The files that were written there.

    Raises:
        extras.NotInstalledError: tf2onnx is missing.
        ValueError: There is no model.
    """
    from common.reports import conversion

    model = directory / "saved_model"
    if kind == "tflite":
        made = {"model.tflite": conversion.tflite(model)}
    else:
        made = {
            f"{name}.onnx": conversion.onnx(model, name)
            for name in conversion.signatures(model)
        }
    for name, content in made.items():
        with files.atomic_write(directory / name) as file:
            file.write(content)
    return [directory / name for name in made]


def _define_flags() -> None:
    common_flags.define_run()
    flags.DEFINE_enum("format", "onnx", ("onnx", "tflite"), "What to write.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    with runner.one_sentence_errors():
        given = flags.FLAGS.run
        directory = pathlib.Path(given) if given else finished_runs.newest()
        records.load(directory)
    runner.import_tensorflow()
    with runner.one_sentence_errors():
        for path in export(directory, flags.FLAGS.format):
            print(f"{path}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
