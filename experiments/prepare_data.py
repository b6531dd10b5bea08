r"""Builds a benchmark from its official archives.

    python -m experiments.prepare_data --name=mirflickr25k/dcmh \
        --manual_dir=DOWNLOADS --output=DIR

Names: mirflickr25k/{dcmh,labelled,ugach_paper}, nus_wide/{tc10,tc21,
tc21_tagged,10k}, each with `_images` too, iapr_tc12/{dcmh,uch} and
coco_hashing/{uch,ssah}. What to download is said where a file is missing.

DIR/prepared then holds the TensorFlow Datasets files, with the pictures; and
DIR the arrays text.npy, labels.npy, ids.npy, vocab.npy and label_names.npy in
the same order. With image.npy [items, features] beside them, DIR is a
`--dataset`.
"""

import importlib
import io
import pathlib

import numpy as np
from absl import flags

from common.runs import flags as common_flags
from common.runs import runner
from common.system import files

_BUILDERS = ("coco_hashing", "iapr_tc12", "mirflickr25k", "nus_wide")


def prepare(name: str, manual_dir: pathlib.Path, output: pathlib.Path) -> int:
    """Builds a data set and writes its arrays.

    Args:
        name: `builder/configuration`.
        manual_dir: Folder with the downloaded archives.
        output: Where to write.

    Returns:
        Number of items.

    Raises:
        ValueError: There is no such data set, or the archives are others.
        OSError: An archive is missing.
    """
    builder = _builder(name, output / "prepared")
    # TensorFlow Datasets wants the folder to be there.
    manual_dir.mkdir(parents=True, exist_ok=True)
    return build(builder, manual_dir, output)


def build(builder, manual_dir: pathlib.Path, output: pathlib.Path) -> int:
    """Builds and writes everything but the pictures as `.npy` files.

    Args:
        builder: A builder of TensorFlow Datasets.
        manual_dir: Folder with the downloaded archives.
        output: Folder of the files.

    Returns:
        Number of items.
    """
    import tensorflow_datasets as tfds

    builder.download_and_prepare(
        download_dir=output / "downloads",
        download_config=tfds.download.DownloadConfig(manual_dir=manual_dir),
    )
    wanted = ("text", "labels", "id")
    examples = builder.as_dataset(
        split="full",
        decoders=tfds.decode.PartialDecoding(
            {name: builder.info.features[name] for name in wanted}
        ),
    )
    columns = {name: [] for name in wanted}
    for example in tfds.as_numpy(examples):
        for name, values in columns.items():
            values.append(example[name])
    metadata = builder.info.metadata
    ids = [name.decode("utf-8") for name in columns["id"]]
    for name, array in (
        ("text", np.stack(columns["text"])),
        ("labels", np.stack(columns["labels"])),
        ("ids", np.array(ids)),
        ("vocab", np.array(metadata["vocabulary"])),
        ("label_names", np.array(metadata["label_names"])),
    ):
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        with files.atomic_write(output / f"{name}.npy") as file:
            file.write(buffer.getvalue())
    return len(ids)


def _builder(name: str, data_dir: pathlib.Path):
    builder, _, config = name.partition("/")
    if builder not in _BUILDERS:
        raise ValueError(
            f"--name must start with one of {', '.join(_BUILDERS)}; received "
            f"{name!r}."
        )
    module = importlib.import_module(
        f"common.data.datasets.{builder}.{builder}_dataset_builder"
    )
    configs = sorted(module.Builder.builder_configs)
    if config not in configs:
        raise ValueError(
            f"{builder} has the configurations {', '.join(configs)}; received "
            f"{config!r}."
        )
    return module.Builder(config=config, data_dir=data_dir)


def _define_flags() -> None:
    flags.DEFINE_string("name", "", "Such as nus_wide/tc10.")
    common_flags.define_path(
        "manual_dir", "downloads", "Where the archives are."
    )
    common_flags.define_path("output", "", "Where to write; empty: data/NAME.")


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    output = pathlib.Path(given.output or pathlib.Path("data") / given.name)
    runner.import_tensorflow()
    with runner.one_sentence_errors():
        count = prepare(given.name, pathlib.Path(given.manual_dir), output)
    print(f"{count} items in {output}; put image.npy beside them to train.")


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
