r"""Makes a data set of a folder of photographs and what was written about them.

    python -m experiments.extract_features --images=DIR --captions=FILE.tsv \
        --backbone=efficientnet_lite0 --output=FILE.npz

The captions: a line `filename<TAB>caption` each (.tsv), `filename,caption`
(.csv) or {"filename": ..., "caption": ...} (.jsonl); several may speak of one
picture. Labels, which only a MAP and SSAH need, come in a file of the same
form. File names are paths below DIR.

efficientnet_lite0 takes its weights from a package (extra `backbones`), vgg19
--weights=imagenet or a .h5 file, cnn_f --weights=imagenet-vgg-f.mat.

The same command goes on where it was cut off.
"""

import pathlib
import shutil
import sys

import numpy as np
from absl import flags

from common.backbones import preprocessing
from common.data import bow
from common.data import captions as data_captions
from common.runs import runner
from common.system import files


def extract(
    images: pathlib.Path,
    captions: dict[str, list[str]],
    labels: dict[str, list[str]] | None,
    backbone: str,
    weights: str,
    output: pathlib.Path,
    skip_unreadable: bool = False,
    shard_size: int = 256,
) -> dict[str, str]:
    """Writes a data set of pictures and their captions.

    Args:
        images: Folder of the pictures.
        captions: Captions by file name.
        labels: Labels by file name, or None.
        backbone: One of `preprocessing.NAMES`.
        weights: Its weights, see `preprocessing.current`.
        output: File to write; shards lie beside it until it is whole.
        skip_unreadable: Whether to leave out pictures that cannot be read.
        shard_size: Pictures that a run which is cut off may lose.

    Returns:
        Why a picture was left out, by its name.

    Raises:
        ValueError: A picture cannot be read, or the weights do not fit.
        OSError: A file is missing or cannot be written.
    """
    from common.backbones import extractor as backbone_extractor
    from common.data import extraction

    extractor = backbone_extractor.Extractor(
        *preprocessing.current(backbone, weights)
    )
    names = list(captions)
    shards = output.with_name(f"{output.name}.shards")
    found = extraction.extract(
        extractor,
        images,
        names,
        shards,
        shard_size,
        skip_unreadable,
        lambda done: _report(done, len(names)),
    )
    kept = [names[row] for row in found.rows]
    files.write_npz(
        output,
        image=found.values,
        extractor=np.array(extractor.made.text()),
        **written_arrays(kept, captions, labels),
    )
    shutil.rmtree(shards)
    return found.unread


def written_arrays(
    names: list[str],
    captions: dict[str, list[str]],
    labels: dict[str, list[str]] | None,
) -> dict[str, np.ndarray]:
    """What was written about pictures, as arrays of a data set.

    Args:
        names: The pictures' file names, in the order of the rows.
        captions: Captions by file name.
        labels: Labels by file name, or None.

    Raises:
        ValueError: No word of the captions makes a vocabulary.
    """
    text, vocabulary = bow.fit(["\n".join(captions[name]) for name in names])
    arrays = {"text": text, "ids": np.array(names), "vocab": vocabulary}
    if labels is not None:
        matrix, label_names = data_captions.multi_hot(names, labels)
        arrays |= {"labels": matrix, "label_names": label_names}
    return arrays


def check(
    images: pathlib.Path,
    captions: dict[str, list[str]],
    labels: dict[str, list[str]] | None,
    output: pathlib.Path,
) -> None:
    """Refuses what cannot become a data set, before anything is computed.

    Raises:
        ValueError: Says what to change.
    """
    if not images.is_dir():
        raise ValueError(f"--images: there is no folder {images}.")
    if output.suffix != ".npz":
        raise ValueError(f"--output must end in .npz; received {output}.")
    if output.exists():
        raise ValueError(f"{output} is there already; name another --output.")
    if labels is None:
        return
    stray = [name for name in labels if name not in captions]
    if stray:
        raise ValueError(
            f"--labels names {len(stray)} files that have no caption, the "
            f"first is {stray[0]}."
        )
    bare = [name for name in captions if name not in labels]
    if bare:
        raise ValueError(
            f"--labels says nothing of {len(bare)} pictures, the first is "
            f"{bare[0]}; label them, or leave --labels out."
        )


def _report(done: int, total: int) -> None:
    # A line that is overwritten needs a terminal; a log file wants lines.
    end = "" if sys.stdout.isatty() and done < total else "\n"
    print(f"\r{done} of {total} pictures", end=end, flush=True)


def _define_flags() -> None:
    flags.DEFINE_string("images", None, "Folder of the pictures.")
    flags.DEFINE_string("captions", None, "A .tsv, .csv or .jsonl file.")
    flags.DEFINE_string("labels", "", "Labels, a file of the same form.")
    flags.DEFINE_enum(
        "backbone",
        preprocessing.NAMES[0],
        preprocessing.NAMES,
        "Network that makes the features.",
    )
    flags.DEFINE_string("weights", "", "Its weights, see above.")
    flags.DEFINE_string("output", None, "The .npz to write.")
    flags.DEFINE_boolean(
        "skip_unreadable", False, "Leave out pictures that cannot be read."
    )
    flags.DEFINE_integer(
        "shard_size", 256, "Pictures that a crash may lose.", lower_bound=1
    )
    flags.mark_flags_as_required(["images", "captions", "output"])


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    images, output = pathlib.Path(given.images), pathlib.Path(given.output)
    with runner.one_sentence_errors():
        captions = data_captions.read(given.captions, "caption")
        labels = None
        if given.labels:
            labels = data_captions.read(given.labels, "label")
        check(images, captions, labels, output)
    runner.import_tensorflow()
    with runner.one_sentence_errors():
        unread = extract(
            images,
            captions,
            labels,
            given.backbone,
            given.weights,
            output,
            given.skip_unreadable,
            given.shard_size,
        )
    for reason in unread.values():
        print(f"Left out: {reason}")
    print(f"{len(captions) - len(unread)} pictures in {output}.")


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
