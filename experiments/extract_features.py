r"""Makes a data set of a folder of photographs and what was written about them.

    python -m experiments.extract_features --images=DIR --captions=FILE \
        --backbone=efficientnet_lite0 --output=FILE.npz

The captions, a file of any of these forms, told by its ending and content:

    .csv .tsv .txt  filename and caption, or a heading row with names such as
                    `image_path`, `caption`, `labels` and `split`
    .token .txt     name.jpg#0<TAB>caption, as Flickr8k and Flickr30k have it
    .json           COCO's captions, Karpathy's file with its split, or records
    .jsonl          {"filename": ..., "caption": ...} a line

Labels, which only a MAP and SSAH need, are a column of it or a file of the same
forms; COCO's instances will do. File names are paths below DIR. The texts of a
picture are joined; --pairs makes a row of each.

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
from common.data.captions import headings
from common.data.captions import plan as captions_plan
from common.data.captions import reading
from common.data.captions import rows
from common.runs import flags as common_flags
from common.runs import runner
from common.system import files

THUMBNAIL = 96


def extract(
    images: pathlib.Path,
    plan: captions_plan.Plan,
    backbone: str,
    weights: str,
    output: pathlib.Path,
    skip_unreadable: bool = False,
    shard_size: int = 256,
    pairs: bool = False,
    thumbnail: int = THUMBNAIL,
) -> list[str]:
    """Writes a data set of pictures and their captions.

    Args:
        images: Folder of the pictures.
        plan: The pictures and what was written of them.
        backbone: One of `preprocessing.NAMES`.
        weights: Its weights, see `preprocessing.current`.
        output: File to write; shards lie beside it until it is whole.
        skip_unreadable: Whether to leave out pictures that cannot be read.
        shard_size: Pictures that a run which is cut off may lose.
        pairs: Whether each caption makes a row of its own.
        thumbnail: Height and width of thumbnails; 0 keeps none.

    Returns:
        What was kept and what was left out, a sentence each.

    Raises:
        ValueError: A picture cannot be read, or the weights do not fit.
        OSError: A file is missing or cannot be written.
    """
    from common.backbones import extractor as backbone_extractor
    from common.data import extraction

    extractor = backbone_extractor.Extractor(
        *preprocessing.current(backbone, weights)
    )
    names = [picture.path for picture in plan.pictures]
    shards = output.with_name(f"{output.name}.shards")
    found = extraction.extract(
        extractor,
        images,
        names,
        shards,
        shard_size,
        skip_unreadable,
        lambda done: _report(done, len(names)),
        thumbnail,
    )
    written, picture_of, notes = rows.build(
        [plan.pictures[row] for row in found.rows],
        _folder(images, output),
        plan.labelled,
        pairs,
    )
    files.write_npz(
        output,
        image=found.values[picture_of],
        extractor=np.array(extractor.made.text()),
        **written,
        **found.thumbnails,
    )
    shutil.rmtree(shards)
    notes += [f"Left out: {reason}" for reason in found.unread.values()]
    return [*notes, _kept(written, len(found.rows), output)]


def check(images: pathlib.Path, output: pathlib.Path) -> None:
    """Refuses what cannot become a data set, before anything is read.

    Raises:
        ValueError: Says what to change.
    """
    if not images.is_dir():
        raise ValueError(f"--images: there is no folder {images}.")
    if output.suffix != ".npz":
        raise ValueError(f"--output must end in .npz; received {output}.")
    if output.exists():
        raise ValueError(f"{output} is there already; name another --output.")


def _folder(images: pathlib.Path, output: pathlib.Path) -> str:
    """Where the pictures are, from the data set's folder if they are below."""
    images, beside = images.resolve(), output.resolve().parent
    if images.is_relative_to(beside):
        return images.relative_to(beside).as_posix()
    return str(images)


def _kept(written, pictures: int, output: pathlib.Path) -> str:
    """The last sentence: what the data set holds."""
    count = len(written["text"])
    captions = "" if count == pictures else f"{count} captions of "
    return f"{captions}{pictures} pictures in {output}."


def _report(done: int, total: int) -> None:
    # A line that is overwritten needs a terminal; a log file wants lines.
    end = "" if sys.stdout.isatty() and done < total else "\n"
    print(f"\r{done} of {total} pictures", end=end, flush=True)


def _define_flags() -> None:
    common_flags.define_path("images", None, "Folder of the pictures.")
    common_flags.define_path("captions", None, "File of captions, see above.")
    common_flags.define_path("labels", "", "Labels, a file of the same forms.")
    flags.DEFINE_string("encoding", "", "Of the files; empty: UTF-8 or told.")
    flags.DEFINE_string("image_column", "", "Column of the picture's path.")
    flags.DEFINE_string("caption_column", "", "Column of the caption.")
    flags.DEFINE_string(
        "label_separator", "", "Between labels of a cell; empty: | or ;."
    )
    flags.DEFINE_boolean("pairs", False, "Keep each caption as a row.")
    flags.DEFINE_boolean("no_thumbnails", False, "Keep no small pictures.")
    flags.DEFINE_enum(
        "backbone",
        preprocessing.NAMES[0],
        preprocessing.NAMES,
        "Network that makes the features.",
    )
    common_flags.define_path("weights", "", "Its weights, see above.")
    common_flags.define_path("output", None, "The .npz to write.")
    flags.DEFINE_boolean(
        "skip_unreadable",
        False,
        "Leave out pictures that are missing or damaged, and records without "
        "a text.",
    )
    flags.DEFINE_integer(
        "shard_size", 256, "Pictures that a crash may lose.", lower_bound=1
    )
    flags.mark_flags_as_required(["images", "captions", "output"])


def _plan(given, images: pathlib.Path) -> captions_plan.Plan:
    """Reads what the flags name."""
    chosen = headings.Chosen(given.image_column, given.caption_column)
    captions = reading.read(
        given.captions,
        "caption",
        given.encoding,
        chosen,
        given.label_separator,
    )
    labels = None
    if given.labels:
        labels = reading.read(
            given.labels,
            "label",
            given.encoding,
            label_separator=given.label_separator,
        )
    return captions_plan.make(images, captions, labels, given.skip_unreadable)


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    images, output = pathlib.Path(given.images), pathlib.Path(given.output)
    with runner.one_sentence_errors():
        check(images, output)
        plan = _plan(given, images)
        # What makes no vocabulary must not wait until all is extracted.
        rows.build(plan.pictures, "", plan.labelled, given.pairs)
    print("\n".join(plan.notes))
    runner.import_tensorflow()
    with runner.one_sentence_errors():
        notes = extract(
            images,
            plan,
            given.backbone,
            given.weights,
            output,
            given.skip_unreadable,
            given.shard_size,
            given.pairs,
            0 if given.no_thumbnails else THUMBNAIL,
        )
    print("\n".join(notes))


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
