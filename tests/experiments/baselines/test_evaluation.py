import dataclasses

import numpy as np
import pytest

from common.runs import encoding
from common.runs import finished as finished_runs
from common.runs import run as common_run
from common.system import files
from experiments import evaluate
from experiments.baselines import evaluation
from experiments.baselines import fits
from experiments.baselines.deep import acmr
from experiments.baselines.deep import layers
from experiments.papers import drawing


def _outputs(width, rng):
    """Outputs that no training has touched."""
    return layers.TwoLayers(
        np.zeros(width),
        np.array(1.0),
        rng.normal(size=(width, 5)),
        np.zeros(5),
        rng.normal(size=(5, 4)),
        np.zeros(4),
        np.array(True),
    )


@pytest.fixture(scope="module")
def prepared(toy, tmp_path_factory):
    """A finished run of a model of 4 bits that ranks by a cosine."""
    method = fits.create("acmr", {})
    run = dataclasses.replace(
        toy, output_dir=str(tmp_path_factory.mktemp("scored") / "run")
    )
    found = common_run.prepare(run, "acmr", fits.Cell(4, method))
    rng = np.random.default_rng(0)
    model = acmr.RealValued(_outputs(12, rng), _outputs(15, rng))
    model.save(found.directory / "model.npz")
    files.write_json(found.directory / "fit.json", {})
    evaluation.finish(found, method)
    return found


def _picture(prepared):
    result = {"title": "T", "dataset": "toy", "methods": ["ACMR"]}
    folders = {("ACMR", 4): [prepared.directory]}
    figure = drawing.curves(
        result, folders, prepared.data, prepared.split, "precision_at"
    )
    return figure.axes[0].lines


def test_curves_are_of_the_ranking_that_the_map_is_of(prepared):
    stored = evaluation.load_curves(prepared.directory)

    # No two cosines are tied: the order alone tells the curve.
    data, split = prepared.data, prepared.split
    model = acmr.ACMR().load(prepared.directory / "model.npz")
    score = model.text_scorer(data.text_features(split.retrieval))
    order = np.argsort(-score(data.image_features(split.query)), axis=1)
    shared = data.labels[split.query] @ data.labels[split.retrieval].T > 0
    hits = np.cumsum(np.take_along_axis(shared, order, axis=1), axis=1)
    expected = hits.mean(axis=0) / np.arange(1, 101)
    np.testing.assert_allclose(stored["i2t"]["precision_at"][:100], expected)
    np.testing.assert_allclose(stored["i2t"]["micro_precision"], expected)
    (line,) = _picture(prepared)
    np.testing.assert_allclose(line.get_ydata()[:100], expected)
    codes = encoding.load(prepared.directory / "codes.npz")
    by_codes = codes.evaluation(*encoding.split_labels(data, split)).curves()
    assert not np.allclose(by_codes["i2t"]["precision_at"][:100], expected)


def test_a_run_ranked_by_a_score_is_not_evaluated_by_its_codes(prepared):
    opened = finished_runs.open_run(prepared.directory)

    with pytest.raises(ValueError, match="run is ranked by a score of its own"):
        evaluate.evaluate(opened, "codes")


def test_without_its_curves_a_row_is_left_out_of_the_picture(prepared, capsys):
    curves = prepared.directory / "curves.npz"
    kept = curves.read_bytes()
    curves.unlink()

    lines = _picture(prepared)

    curves.write_bytes(kept)
    assert not lines
    assert "ACMR is not in the picture: " in capsys.readouterr().out
