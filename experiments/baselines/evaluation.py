"""What a finished fit of a compared method leaves behind."""

import pathlib

import numpy as np

from common.hamming import codes
from common.metrics import evaluation
from common.runs import encoding
from common.runs import provenance
from common.runs import run as common_run
from common.system import files
from experiments.baselines import method as baseline_method
from experiments.baselines import models
from experiments.baselines import ranking

_CURVES = "curves.npz"


def finish(
    prepared: common_run.Prepared, method: baseline_method.Method
) -> dict:
    """Hashes query and retrieval rows with the fitted model and evaluates.

    A model that ranks by a score of its own is evaluated by that score, and
    leaves the curves of its ranking in `curves.npz`. Writes `codes.npz`,
    `average_precision.npz` of every query and then `metrics.json` in the run's
    folder.

    Returns:
        The content of `metrics.json`.
    """
    directory, data, split = prepared.directory, prepared.data, prepared.split
    model = method.load(directory / method.kept_as)
    found = encoding.encode_split(
        encoders(model), data, split.query, split.retrieval
    )
    found.save(directory / "codes.npz")
    scored = found.evaluation(*encoding.split_labels(data, split))
    metrics = scored.metrics()
    metrics["ranked_by"] = "Hamming distance"
    precision = scored.average_precision()
    if hasattr(model, "text_scorer"):
        metrics["ranked_by"] = "score"
        curves = {}
        for direction, ranked in ranking.evaluate(model, data, split).items():
            precision[direction] = ranked.pop("average_precision")
            for name, values in ranked.pop("curves").items():
                curves[f"{direction}_{name}"] = values
            metrics[direction] = ranked
        files.write_npz(directory / _CURVES, **curves)
    files.write_npz(directory / "average_precision.npz", **precision)
    metrics["warnings"] = evaluation.collapse_warnings(metrics)
    metrics |= files.read_json(directory / "fit.json")
    metrics["provenance"] = [provenance.record()]
    files.write_json(directory / "metrics.json", metrics)
    return metrics


def load_curves(directory: pathlib.Path) -> dict[str, dict[str, np.ndarray]]:
    """The curves that `finish` left of a model that ranks by a score.

    Raises:
        ValueError: There are none, as after a run of an earlier version.
    """
    path = directory / _CURVES
    if not path.is_file():
        raise ValueError(
            f"{directory} is ranked by a score and has no {_CURVES}; remove "
            "its metrics.json and give the same command again to evaluate it "
            "anew."
        )
    found = {}
    for name, values in files.read_npz(path).items():
        direction, _, curve = name.partition("_")
        found.setdefault(direction, {})[curve] = values
    return found


def encoders(model: models.Model) -> encoding.Encoders:
    """A model's hash functions as the encoders of an evaluation."""

    def packed(to_bits):
        return lambda features: codes.pack_bits(to_bits(np.asarray(features)))

    return encoding.Encoders(
        model.bits, packed(model.image_bits), packed(model.text_bits)
    )
