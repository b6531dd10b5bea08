"""A TensorBoard server, asked over HTTP for what runs have written."""

import dataclasses
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import numpy as np
import pytest
from PIL import Image

from common.reports import reporting
from common.runs import encoding
from common.runs import finished as finished_runs
from common.system import files
from experiments import train_ugach
from experiments.methods import trainings

TEST = "pictured/logs/test"


@pytest.fixture(scope="module")
def logs(finished, config, toy, even_thumbnails, tmp_path_factory):
    """Folder of two runs: `plain`, and `pictured` with thumbnails.

    The second is the first, resumed after its last epoch.
    """
    parent = tmp_path_factory.mktemp("runs")
    shutil.copytree(finished / "logs", parent / "plain" / "logs")
    pictured = parent / "pictured"
    shutil.copytree(finished, pictured, ignore=shutil.ignore_patterns("test"))
    run = dataclasses.replace(
        toy,
        output_dir=str(pictured),
        resume=True,
        thumbnails=str(even_thumbnails),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "_SHEET_QUERIES", 1)
        trainings.train(train_ugach.METHOD, config, run)
    return parent


@pytest.fixture(scope="module")
def address(logs):
    """Where the server listens."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tensorboard.main", "--port=0"),
            *("--host=127.0.0.1", f"--logdir={logs}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                yield found[0]
                break
        else:
            pytest.fail(f"No TensorBoard: {''.join(said)}")
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="module")
def ask(address):
    """What the server answers a plugin's route, as bytes."""

    def ask(route, sent=None, **query):
        request = urllib.request.Request(
            f"{address}data/plugin/{route}?{urllib.parse.urlencode(query)}",
            data=None if sent is None else json.dumps(sent).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    return ask


@pytest.fixture(scope="module")
def tags(ask):
    """Tags of a plugin in a run, once the server has read the run."""

    def tags(plugin, run=TEST):
        for _ in range(300):
            found = json.loads(ask(f"{plugin}/tags"))
            if run in found:
                return set(found[run])
            time.sleep(0.1)
        pytest.fail(f"No {plugin} of {run}, only {found}.")

    return tags


@pytest.fixture(scope="module")
def series(ask, tags):
    """Events of a tag."""

    def series(plugin, tag, run=TEST):
        assert tag in tags(plugin, run)
        return json.loads(ask(f"{plugin}/{plugin}", run=run, tag=tag))

    return series


@pytest.fixture(scope="module")
def metrics(logs):
    return files.read_json(logs / "pictured" / "metrics.json")


def test_scalars_hold_losses_validation_and_test_scores(series, metrics):
    losses = series(
        "scalars", "epoch_discriminator_loss", "pictured/logs/train"
    )
    validated = series("scalars", "epoch_map_t2i", "pictured/logs/validation")
    ((_, _, scored),) = series("scalars", "map_all_t2i")

    # Each is [wall time, step, value].
    assert [step for _, step, _ in losses] == [0, 1, 3]
    assert [step for _, step, _ in validated] == [0, 1, 3]
    assert scored == pytest.approx(metrics["t2i"]["map_all"])


def test_histograms_hold_the_balance_of_every_bit(series, config, logs):
    validated = series(
        "histograms", "bit_balance_text", "pictured/logs/validation"
    )
    ((_, _, buckets),) = series("histograms", "bit_balance_image")

    stored = encoding.load(logs / "pictured" / "codes.npz").retrieval_image
    balance = stored.to_bits().mean(axis=0)
    assert [step for _, step, _ in validated] == [0, 1, 3]
    # Buckets are [left, right, count].
    assert sum(count for _, _, count in buckets) == config.bits
    assert buckets[0][0] == pytest.approx(balance.min(), abs=1e-6)
    assert buckets[-1][1] == pytest.approx(balance.max(), abs=1e-6)


def test_images_hold_the_figures_and_the_correlation_of_bits(tags):
    bits = {f"bit_correlation_{of}" for of in ("image", "text", "image_text")}
    curves = {"precision_recall", "precision_at"}
    assert tags("images") == bits | curves | {"text_to_image", "image_to_text"}


def _within(distances, relevant, radius):
    """Precision and recall of what is found by all queries together."""
    found = distances <= radius
    hits = (found & relevant).sum()
    return hits / max(found.sum(), 1), hits / relevant.sum()


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_a_precision_recall_curve_has_a_point_for_each_radius(
    series, logs, config, direction
):
    tag = f"precision_recall_{direction}/pr_curves"
    (curve,) = series("pr_curves", tag)[TEST]

    opened = finished_runs.open_run(logs / "pictured")
    stored = encoding.load(opened.directory / "codes.npz")
    asked, database = {
        "i2t": (stored.query_image, stored.retrieval_text),
        "t2i": (stored.query_text, stored.retrieval_image),
    }[direction]
    distances = np.sum(
        asked.to_bits()[:, None] != database.to_bits()[None], axis=2
    )
    query, items = encoding.split_labels(opened.data, opened.split)
    relevant = query.astype(int) @ items.T > 0
    # From the whole database down to the smallest radius that finds anything.
    radii = range(config.bits, distances.min() - 1, -1)
    expected = [_within(distances, relevant, radius) for radius in radii]
    got = list(zip(curve["precision"], curve["recall"], strict=True))
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert curve["true_positives"][0] == relevant.sum()
    assert curve["false_positives"][0] == (~relevant).sum()
    for radius, threshold in zip(radii, curve["thresholds"], strict=True):
        assert threshold == pytest.approx(1 - radius / config.bits)


@pytest.fixture(scope="module")
def embedding(ask, tags):
    """What the projector knows of a run's only embedding."""

    def embedding(run):
        tags("scalars", run)
        assert run in json.loads(ask("projector/runs"))
        (found,) = json.loads(ask("projector/info", run=run))["embeddings"]
        return found

    return embedding


def test_the_projector_holds_image_and_text_codes_as_signs(
    ask, embedding, logs, config
):
    split = finished_runs.open_run(logs / "pictured").split
    stored = encoding.load(logs / "pictured" / "codes.npz")

    shape = embedding(TEST)["tensorShape"]
    answer = ask("projector/tensor", run=TEST, name="codes")

    # Only even rows have a thumbnail.
    shown = np.flatnonzero(split.retrieval % 2 == 0)
    points = np.frombuffer(answer, np.float32).reshape(shape)
    bits = [
        packed.take(shown).to_bits()
        for packed in (stored.retrieval_image, stored.retrieval_text)
    ]
    assert shape == [2 * len(shown), config.bits]
    np.testing.assert_array_equal(points, 2.0 * np.concatenate(bits) - 1)


def test_the_projector_names_every_point(ask, embedding, logs, data):
    embedding(TEST)
    split = finished_runs.open_run(logs / "pictured").split

    answer = ask("projector/metadata", run=TEST, name="codes").decode()

    lines = [line.split("\t") for line in answer.splitlines()]
    rows = split.retrieval[split.retrieval % 2 == 0]
    assert lines[0] == ["words", "labels", "item", "row", "modality"]
    # Classes are row % 3.
    assert lines[1:] == [
        [
            " ".join(f"word{i}" for i in np.flatnonzero(data.text[row])),
            *(f"class{row % 3}", f"item{row}", str(row), modality),
        ]
        for modality in ("image", "text")
        for row in rows
    ]


def test_the_projector_shows_thumbnails_where_there_are_any(
    ask, embedding, logs
):
    sprite = embedding(TEST)["sprite"]
    answer = ask("projector/sprite_image", run=TEST, name="codes")

    split = finished_runs.open_run(logs / "pictured").split
    row = split.retrieval[split.retrieval % 2 == 0][0]
    count = np.sum(split.retrieval % 2 == 0)
    side = int(np.ceil(np.sqrt(2 * count)))
    width, height = sprite["singleImageDim"]
    with Image.open(io.BytesIO(answer)) as image:
        assert image.size == (side * width, side * height)
        first = image.getpixel((width // 2, height // 2))
        line, column = divmod(count, side)
        text = image.getpixel(((column + 0.5) * width, (line + 0.5) * height))
    # A thumbnail's red is twice its row; its text's is a shade of blue.
    np.testing.assert_allclose(first, (2 * row, 40, 200), atol=12)
    assert text[0] < text[1] < text[2]
    assert "sprite" not in embedding("plain/logs/test")


def test_hparams_hold_settings_and_scores_of_each_run(
    ask, tags, toy, config, logs, metrics
):
    for run in ("plain", "pictured"):
        tags("scalars", f"{run}/logs/test")
    statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_RUNNING"]

    experiment = json.loads(ask("hparams/experiment", {"experimentName": ""}))
    groups = json.loads(
        ask(
            "hparams/session_groups",
            {"startIndex": 0, "sliceSize": 9, "allowedStatuses": statuses},
        )
    )

    names = {info["name"] for info in experiment["hparamInfos"]}
    assert {"method", "dataset", "seed"} <= names
    assert {field.name for field in dataclasses.fields(config)} <= names
    trials = {group["name"]: group for group in groups["sessionGroups"]}
    assert set(trials) == {
        pathlib.Path(toy.output_dir).as_posix(),
        (logs / "pictured").as_posix(),
    }
    trial = trials[(logs / "pictured").as_posix()]
    assert trial["hparams"]["method"] == "ugach"
    assert trial["hparams"]["bits"] == config.bits
    assert trial["hparams"]["seed"] == toy.seed
    scores = {
        value["name"]["tag"]: value["value"] for value in trial["metricValues"]
    }
    for direction in ("i2t", "t2i"):
        assert scores[f"map_all_{direction}"] == pytest.approx(
            metrics[direction]["map_all"]
        )
