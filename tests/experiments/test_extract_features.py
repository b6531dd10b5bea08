import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from common import hamming
from common.data import readers
from common.data import thumbnails
from common.data.captions import plan
from common.data.captions import reading
from experiments import extract_features
from tests import made_up_weights

ROOT = pathlib.Path(__file__).parents[2]

# Runs commands one after the other in one process, each with flags of its own,
# so that TensorFlow is imported once.
RUN_ALL = """
import json, runpy, sys
from absl import app, flags
app.define_help_flags()
known = set(flags.FLAGS)
for module, *arguments in json.loads(sys.argv[1]):
    for name in set(flags.FLAGS) - known:
        delattr(flags.FLAGS, name)
    flags.FLAGS.unparse_flags()
    sys.argv[:] = [module, *arguments]
    print("$", module, flush=True)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            raise
"""


def _write_pictures(folder):
    """Drawings with flowers and birds as PNGs, and captions of their words."""
    data = readers.read(readers.OPENCLIPART)
    pictures = thumbnails.for_dataset(readers.OPENCLIPART)
    (folder / "photos").mkdir()
    captions = {}
    for word in ("flower", "bird"):
        column = data.vocabulary.tolist().index(word)
        for i, row in enumerate(np.flatnonzero(data.text[:, column])[:12]):
            name = "owl.png" if (word, i) == ("bird", 3) else f"{word}{i}.png"
            Image.fromarray(pictures.picture(row)).save(
                folder / "photos" / name
            )
            words = data.vocabulary[np.flatnonzero(data.text[row])]
            captions[name] = " ".join(words)
    lines = [f"{name}\t{caption}\n" for name, caption in captions.items()]
    (folder / "captions.tsv").write_text("".join(lines))
    return captions


def _readme_commands():
    """Arguments of the commands in the README's section on photographs."""
    text = (ROOT / "README.md").read_text("utf-8")
    section = text.split("### Photographs\n")[1].split("\n###")[0]
    block = section.split("```bash\n")[1].split("```")[0]
    install, *commands = block.strip().splitlines()
    assert install == "pip install -e '.[backbones]'"
    return [_module_and_flags(shlex.split(command)) for command in commands]


def _module_and_flags(words):
    """A command's module and flags, if `cmh` or `python -m` starts it."""
    if words[0] == "cmh":
        return [f"experiments.{words[1].replace('-', '_')}", *words[2:]]
    assert words[:2] == ["python", "-m"]
    return words[2:]


def _readme_sample(bits):
    """What the README does with an exported model, at this code length."""
    text = (ROOT / "README.md").read_text("utf-8")
    section = text.split("## Export and search\n")[1]
    sample = section.split("```python\n")[1].split("```")[0]
    assert sample.count("bits=64") == 2
    return sample.replace("bits=64", f"bits={bits}")


def _found(output):
    """Ids and distances of a printed answer."""
    lines = [line.split() for line in output.splitlines() if " bits " in line]
    return [(cells[3], int(cells[1])) for cells in lines]


def test_the_readme_leads_from_photographs_to_a_search(
    tmp_path, config, flags, monkeypatch
):
    captions = _write_pictures(tmp_path)
    made_up_weights.write(
        tmp_path / "lite0.pth", made_up_weights.efficientnet_lite0()
    )
    extract, train, by_text, by_image = _readme_commands()
    # Later flags win: made-up weights and a training of seconds.
    extract.append("--weights=lite0.pth")
    train += [*flags(config), "--pool_size=10", "--batch_size=10"]
    train += ["--cache_dir=cache", "--nojit_compile"]
    # Made-up weights give constant codes, of which a validation would warn.
    train += ["--num_validation=0"]
    by_item = [*by_image[:2], "--item=owl.png"]
    commands = [extract, train, by_text, by_image, by_item]

    process = subprocess.run(
        [sys.executable, "-c", RUN_ALL, json.dumps(commands)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (process.returncode, process.stderr) == (0, "")
    _, extracted, trained, text, image, item = process.stdout.split("$ ")
    assert "24 of 24 pictures\n" in extracted
    assert extracted.endswith("24 pictures in photos.npz.\n")
    assert not (tmp_path / "photos.npz.shards").exists()
    assert "The data has no labels, so there is no MAP." in trained
    metrics = json.loads((tmp_path / "runs/photos/metrics.json").read_text())
    assert not {"i2t", "t2i"} & metrics.keys()
    assert "own pair" in trained and "recall_at_10 t2i" in trained
    assert metrics["pairs"]["i2t"].keys() >= {"recall_at_1", "median_rank"}
    text_answer = text.partition("\n")[2]
    assert text_answer.startswith("red: not known\n'flower': 8 nearest\n")
    assert {name for name, _ in _found(text_answer)} <= captions.keys()
    # The photograph takes the way that the stored features took.
    image_answer, item_answer = (t.partition("\n")[2] for t in (image, item))
    assert image_answer.startswith("'owl.png': 8 nearest\n")
    assert _found(image_answer) == _found(item_answer)
    assert len(_found(image_answer)) == 8
    # The same pictures again, as if they were new.
    monkeypatch.chdir(tmp_path)
    shutil.copy("photos.npz", "new.npz")
    names = {}
    exec(_readme_sample(config.bits), names)
    assert names["ids"].shape == (1, 10)
    assert len(set(names["ids"][0]) & set(range(24))) == 10
    assert len(hamming.HammingIndex.load("images.index")) == 24


@pytest.fixture
def inputs(tmp_path):
    (tmp_path / "photos").mkdir()
    return {"images": tmp_path / "photos", "output": tmp_path / "out.npz"}


def test_inputs_that_fit_are_accepted(inputs):
    extract_features.check(**inputs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": pathlib.Path("nowhere")}, "there is no folder nowhere"),
        ({"output": pathlib.Path("out")}, "must end in .npz; received out"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs, change, message):
    with pytest.raises(ValueError, match=message):
        extract_features.check(**inputs | change)


def test_a_finished_file_is_kept(inputs):
    inputs["output"].write_bytes(b"kept")

    with pytest.raises(ValueError, match="out.npz is there already"):
        extract_features.check(**inputs)


def test_what_was_written_and_small_pictures_stay_with_the_data(
    tmp_path, capsys
):
    (tmp_path / "photos" / "x y").mkdir(parents=True)
    colours = {"x y/red.png": "red", "blue.JPG": "blue"}
    for name, colour in colours.items():
        picture = Image.new("RGB", (30, 20), colour)
        picture.save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "bad.gif").write_bytes(b"GIF89a")
    (tmp_path / "c.csv").write_text(
        "image,caption,by\n"
        'x y/red.png,"Red, ""all"" red",Zoë\n'
        "blue.JPG,A blue wall,Al\n"
        "bad.gif,No picture,Al\n"
        "blue.JPG,Blue wall again,Al\n"
    )
    made_up_weights.write(
        tmp_path / "lite0.pth", made_up_weights.efficientnet_lite0()
    )
    made = plan.make(tmp_path / "photos", reading.read(tmp_path / "c.csv"))

    for pairs in (False, True):
        notes = extract_features.extract(
            tmp_path / "photos",
            made,
            "efficientnet_lite0",
            str(tmp_path / "lite0.pth"),
            tmp_path / f"{pairs}.npz",
            skip_unreadable=True,
            pairs=pairs,
        )

    path = tmp_path / "True.npz"
    data, small = readers.read(path), thumbnails.for_dataset(path)
    assert data.ids.tolist() == ["x y/red.png#0", "blue.JPG#0", "blue.JPG#1"]
    assert data.groups.tolist() == [0, 1, 1]
    assert list(data.originals.captions) == [
        'Red, "all" red',
        "A blue wall",
        "Blue wall again",
    ]
    assert data.originals.paths[2] == str(tmp_path / "photos" / "blue.JPG")
    assert list(data.originals.columns["by"]) == ["Zoë", "Al", "Al"]
    np.testing.assert_array_equal(data.image[1], data.image[2])
    # Red, and twice the same blue, with white above and below.
    middle = [small.picture(row)[48, 48].argmax() for row in range(3)]
    assert middle == [0, 2, 2]
    assert small.picture(0).shape == (96, 96, 3)
    assert len(readers.read(tmp_path / "False.npz")) == 2
    assert notes[-2].startswith(f"Left out: {tmp_path}/photos/bad.gif cannot")
    assert notes[-1] == f"3 captions of 2 pictures in {path}."
    assert "3 of 3 pictures" in capsys.readouterr().out


def test_the_folder_of_the_pictures_is_kept_from_that_of_the_data(tmp_path):
    images = tmp_path / "a" / "photos"
    images.mkdir(parents=True)

    below = extract_features._folder(images, tmp_path / "a" / "d.npz")
    apart = extract_features._folder(images, tmp_path / "b" / "d.npz")

    assert (below, apart) == ("photos", str(images))
