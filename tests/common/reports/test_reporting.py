import dataclasses

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util

from common.reports import reporting
from common.runs import encoding
from common.runs import exported
from common.runs import run as common_run
from common.runs import scoring
from common.system import files


def _metrics(i2t, t2i, chance=(0.25, 0.35)):
    """Metrics of a row: (map_all, map_at_50) of each direction."""
    return {
        direction: {"map_all": both[0], "map_at_50": both[1], "chance": least}
        for direction, both, least in (
            ("i2t", i2t, chance[0]),
            ("t2i", t2i, chance[1]),
        )
    }


def test_a_table_has_a_line_for_each_name_and_one_for_chance():
    table = reporting.table(
        {
            "Short": _metrics((0.5, 0.25), (0.75, 0.125)),
            "A longer name": _metrics((0.9, 1.0), (0.7, 0.0)),
        }
    )

    # Means of both directions: (.5 + .75) / 2, (.9 + .7) / 2, (.25 + .35) / 2.
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["Short", "0.5000", "0.7500", "0.2500", "0.1250", "0.6250"],
        ["A", "longer", "name"]
        + ["0.9000", "0.7000", "1.0000", "0.0000", "0.8000"],
        ["chance", "0.2500", "0.3500", "0.3000"],
    ]


def test_columns_end_where_their_headings_end():
    lines = reporting.table(
        {"A longer name": _metrics((0.5, 0.25), (0.75, 0.125))}
    ).splitlines()

    headings = ("map_all i2t", "map_all t2i", "map_at_50 i2t", "map_at_50 t2i")
    for place, heading in enumerate((*headings, "map_all mean")):
        end = lines[0].index(heading) + len(heading)
        value = ("0.5000", "0.7500", "0.2500", "0.1250", "0.6250")[place]
        assert lines[1][:end].endswith(f" {value}")
    assert lines[2].endswith("0.3000")
    assert len({len(line) for line in lines}) == 1
    assert not any(line != line.rstrip() for line in lines)


def test_values_that_do_not_exist_are_shown_as_such():
    nothing = _metrics((None, None), (None, None), chance=(None, None))

    lines = reporting.table({"Nothing": nothing}).splitlines()

    assert lines[1].split() == ["Nothing"] + ["nan"] * 5
    assert lines[2].split() == ["chance"] + ["nan"] * 3


_COSTS = {"train_seconds": 1.5, "cpu_seconds": 3.0, "peak_memory_bytes": 7}


@dataclasses.dataclass(frozen=True)
class Config:
    bits: int = 12


@pytest.fixture
def run(data_file, tmp_path):
    return common_run.Run(
        dataset=str(data_file),
        output_dir=str(tmp_path / "out"),
        cache_dir=str(tmp_path / "cache"),
    )


def _finish(run, model):
    prepared = common_run.prepare(run, "linear", Config())
    metrics = reporting.finish(prepared, model, "Linear, test", _COSTS)
    return prepared, metrics


def _pictures(directory):
    return sorted(file.stem for file in (directory / "figures").iterdir())


def test_a_finished_run_leaves_model_codes_metrics_and_figures(run, linear):
    model = linear(seed=4)

    prepared, metrics = _finish(run, model)

    directory, split = prepared.directory, prepared.split
    assert files.read_json(directory / "metrics.json") == metrics
    assert metrics.items() >= _COSTS.items()
    assert metrics["bits"] == 12
    stored = encoding.load(directory / "codes.npz")
    again = exported.load(directory / "saved_model", 12)
    for codes in (
        encoding.encode_split(
            again, prepared.data, split.query, split.retrieval
        ),
        stored,
    ):
        np.testing.assert_array_equal(
            codes.query_text.rows,
            model.encode_text(prepared.data.text_features(split.query)),
        )
        np.testing.assert_array_equal(
            codes.retrieval_image.rows,
            model.encode_image(prepared.data.image_features(split.retrieval)),
        )
    labels = encoding.split_labels(prepared.data, split)
    scored = stored.evaluation(*labels).metrics()
    for direction in ("i2t", "t2i"):
        assert metrics[direction].items() >= scored[direction].items()
    assert metrics == metrics | scoring.score(prepared.data, split, stored)
    assert _pictures(directory) == ["precision_at", "precision_recall"]
    card = (directory / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "# LINEAR, 12 bits" in card
    assert f"| image to text | {metrics['i2t']['map_all']:.4f} |" in card
    assert "`sentence` [n] string" in card


def test_figures_and_scores_reach_tensorboard(run, linear):
    prepared, metrics = _finish(run, linear(seed=4))

    events = event_accumulator.EventAccumulator(
        str(prepared.directory / "logs" / "test")
    )
    events.Reload()
    tags = events.Tags()["tensors"]
    assert {"precision_at", "precision_recall"} <= set(tags)
    for direction in ("i2t", "t2i"):
        for name in ("map_all", "map_at_50", "chance"):
            (event,) = events.Tensors(f"{name}_{direction}")
            assert tensor_util.make_ndarray(
                event.tensor_proto
            ) == pytest.approx(metrics[direction][name])


def test_without_labels_tensorboard_holds_bits_settings_and_codes(
    run, linear, data_file
):
    with np.load(data_file) as archive:
        bare = {
            key: archive[key]
            for key in archive.files
            if key not in ("labels", "label_names")
        }
    np.savez(data_file, **bare)

    prepared, metrics = _finish(run, linear(seed=4))

    logs = prepared.directory / "logs" / "test"
    events = event_accumulator.EventAccumulator(str(logs))
    events.Reload()
    assert set(metrics) >= {"bits", "codes"} and "i2t" not in metrics
    assert set(events.Tags()["tensors"]) == {
        *("_hparams_/session_start_info", "bit_balance_image"),
        *("bit_balance_text", "bit_correlation_image"),
        *("bit_correlation_text", "bit_correlation_image_text"),
        *(
            f"{chance}{name}_{direction}"
            for chance in ("", "chance_")
            for name in (*(f"recall_at_{k}" for k in (1, 5, 10)), "median_rank")
            for direction in ("i2t", "t2i")
        ),
    }
    assert (logs / "projector_config.pbtxt").exists()


def test_labels_by_which_nothing_is_relevant_are_refused_before_training(
    run, data_file
):
    with np.load(data_file) as archive:
        stored = {**archive, "labels": np.eye(120, dtype=np.uint8)}
    del stored["label_names"]
    np.savez(data_file, **stored)

    with pytest.raises(ValueError, match="No query .* shares a label"):
        common_run.prepare(run, "linear", {})


def test_thumbnails_give_a_sheet_in_each_direction(
    run, linear, thumbnail_file, monkeypatch
):
    pictured = dataclasses.replace(run, thumbnails=str(thumbnail_file))
    monkeypatch.setattr(reporting, "_SHEET_QUERIES", 2)

    prepared, _ = _finish(pictured, linear(seed=4))

    directory = prepared.directory
    assert _pictures(directory) == [
        *("image_to_text", "precision_at", "precision_recall", "text_to_image"),
    ]
    with Image.open(directory / "figures" / "text_to_image.png") as sheet:
        # Two queries of eight results: 1.15 (8 + 1) by 1.3 * 2 inches.
        assert sheet.size == (1138, 286)
        colours = np.asarray(sheet.convert("RGB")).astype(int)
    # Thumbnails share their green and blue. Only every second row has one,
    # and all 2 * 8 results are among these.
    pictured = (np.abs(colours[..., 1:] - [40, 200]) < 12).all(axis=2)
    _, count = ndimage.label(pictured)
    assert count == 16


def test_codes_that_tell_nothing_are_warned_about(run, linear):
    class Constant(linear):
        def image_codes(self, images):
            return super().image_codes(0 * images)

        def text_codes(self, texts):
            return super().text_codes(0 * texts)

    _, metrics = _finish(run, Constant())

    assert len(metrics["warnings"]) == 4
    assert metrics["warnings"][0].startswith("i2t: MAP 0.3")
    assert metrics["i2t"]["map_all"] == metrics["i2t"]["chance"]
    assert metrics["codes"]["text"]["distinct_codes"] == 1
