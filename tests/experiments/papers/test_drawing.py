import numpy as np
import pytest

from experiments.papers import drawing
from experiments.papers import specs


def _run(variant, bits, seed, value, seconds=1.0):
    scores = {"map_all": value, "chance": 0.25}
    return {
        **{"variant": variant, "bits": bits, "seed": seed},
        **{"i2t": scores, "t2i": scores, "train_seconds": seconds},
    }


def _lines(figure):
    axis = figure.axes[0]
    return {
        container.get_label(): container.lines[0].get_xydata()
        for container in axis.containers
    }


def test_map_is_drawn_against_the_length():
    result = {
        **{"title": "T", "dataset": "toy", "lengths": [16, 32]},
        "methods": ["CVH", "UGACH"],
        "runs": [
            _run("CVH", 16, 0, 0.3),
            _run("CVH", 16, 1, 0.5),
            _run("CVH", 32, 0, 0.6),
            {"variant": "UGACH", "bits": 16, "seed": 0, "failure": "no"},
        ],
    }

    lines = _lines(drawing.map_by_length(result))

    assert list(lines) == ["CVH"]
    np.testing.assert_allclose(lines["CVH"], [[16, 0.4], [32, 0.6]])


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        (
            "ssah_figure_2",
            {"eta x 0.1": 0.5, "eta x 1": 0.7, "beta x 10": 0.6},
            {"eta": [[0.1, 0.5], [1, 0.7]], "beta": [[10, 0.6]]},
        ),
        (
            "ssah_figure_5",
            {"DCMH, 3 rounds": 0.5, "DCMH, 10 rounds": 0.6},
            # Runs take 100 times their MAP in seconds.
            {"DCMH": [[50, 0.5], [60, 0.6]]},
        ),
    ],
)
def test_a_figure_has_a_line_for_each_of_its_kind(name, rows, expected):
    table = specs.TABLES[name]
    draw = drawing.settings
    if table.picture == "time":
        draw = drawing.training_time
    result = {
        **{"title": "T", "dataset": "toy", "lengths": [16]},
        "methods": [row.label for row in table.rows],
        "runs": [
            _run(label, 16, 0, value, 100 * value)
            for label, value in rows.items()
        ],
    }

    lines = _lines(draw(result, table))

    assert lines.keys() == expected.keys()
    for label, points in expected.items():
        np.testing.assert_allclose(lines[label], points)
