"""What holds for every compared method, from one small fit of each."""

import dataclasses

import numpy as np
import pytest

from common.data import readers
from common.data import splits
from common.metrics import evaluation
from common.models import settings
from experiments.baselines import fits
from experiments.baselines import method as baseline_method
from experiments.baselines import ranking

# Enough to beat chance in a moment.
FAST = {
    "pdh": {"rounds": 1},
    "ccq": {"rounds": 3},
    "lssh": {"rounds": 2, "atoms": 64, "lasso_iterations": 10},
    "stmh": {"rounds": 3},
    "fsh": {"rounds": 20},
    "cmfh": {"rounds": 5},
    "cmssh": {"pairs": 2000},
    "seph": {"rounds": 30, "anchors": 60},
    "dcmh": {
        "epochs": 5,
        "batch_size": 30,
        "learning_rate": 2e-3,
        "image_hidden_units": 64,
        "text_hidden_units": 64,
    },
    "ucch": {
        "hidden_units": 64,
        "epochs": 8,
        "batch_size": 30,
        "learning_rate": 1e-3,
    },
    "cirh": {
        "hidden_units": 64,
        "graph_units": 64,
        "epochs": 8,
        "batch_size": 60,
        "learning_rate": 1e-3,
    },
    "infonce": {"hidden_units": 64, "epochs": 4, "batch_size": 30},
    "acmr": {"epochs": 4, "learning_rate": 1e-3, "image_hidden_units": 100},
}
BITS = 8
# The signs of ACMR are of the same fit.
FITTED = [name for name in fits.NAMES if name != "acmr_sign"]


def _method(name):
    found = fits.create(name, {})
    return dataclasses.replace(found, **FAST.get(name, {}))


@pytest.fixture(scope="module")
def drawings():
    """OpenClipart: 600 training items of 800, and 200 queries."""
    data = readers.read(readers.OPENCLIPART)
    # Columns of few items only slow the tests down.
    words = np.argsort(-data.text.astype(np.int64).sum(axis=0))[:400]
    data = dataclasses.replace(
        data,
        image=data.image[:, ::3],
        image_scale=data.image_scale[::3],
        text=data.text[:, words],
        vocabulary=None,
    )
    rows = np.random.default_rng(0).permutation(len(data))[:1000]
    return data, splits.make(rows, 200, 600)


@pytest.fixture(scope="module")
def fitted(drawings):
    """A model of each method, fitted when first asked for."""
    data, split = drawings
    training = baseline_method.read_pairs(data, split.train)
    models = {}

    def fit(name):
        if name not in models:
            models[name] = _method(name).fit(training, BITS, seed=1)
        return models[name]

    return fit


@pytest.mark.parametrize("name", [n for n in FITTED if not _method(n).draws])
def test_a_method_without_draws_is_the_same_with_another_seed(
    name, fitted, drawings
):
    data, split = drawings
    training = baseline_method.read_pairs(data, split.train)
    images = data.image_features(split.query)

    other = _method(name).fit(training, BITS, seed=2)

    np.testing.assert_array_equal(
        other.image_bits(images), fitted(name).image_bits(images)
    )


@pytest.mark.parametrize("name", FITTED)
def test_drawings_are_found_better_than_by_chance(name, fitted, drawings):
    data, split = drawings
    model = fitted(name)
    scored = model if hasattr(model, "text_scorer") else _Hamming(model)

    found = ranking.evaluate(scored, data, split)

    for direction in ("i2t", "t2i"):
        scores = found[direction]
        least = scores["chance"] + evaluation.CHANCE_MARGIN
        assert scores["map_all"] > least, direction


@pytest.mark.parametrize("name", FITTED)
def test_a_model_from_disk_hashes_as_before(name, fitted, drawings, tmp_path):
    data, split = drawings
    model = fitted(name)
    images = data.image_features(split.query)
    texts = data.text_features(split.query)

    model.save(tmp_path / "model.npz")
    loaded = _method(name).load(tmp_path / "model.npz")

    assert loaded.bits == model.bits == BITS
    for before, after in (
        (model.image_bits(images), loaded.image_bits(images)),
        (model.text_bits(texts), loaded.text_bits(texts)),
    ):
        assert before.dtype == np.bool_
        assert before.shape == (200, BITS)
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", FITTED)
def test_an_item_s_code_does_not_depend_on_the_others(name, fitted, drawings):
    data, split = drawings
    images = data.image_features(split.query[:9])
    model = fitted(name)

    one_by_one = [model.image_bits(image[None])[0] for image in images]

    np.testing.assert_array_equal(model.image_bits(images), one_by_one)


@pytest.mark.parametrize(
    "name", ["cvh", "cmssh", "scm_seq", "fsh", "cmfh", "stmh"]
)
def test_the_same_seed_gives_the_same_model(name, pairs):
    first, second = (_method(name).fit(pairs, BITS, seed=3) for _ in range(2))

    np.testing.assert_array_equal(first.image.weights, second.image.weights)


@pytest.mark.parametrize("name", ["cmssh", "stmh", "cmfh", "fsh"])
def test_another_seed_gives_another_model(name, pairs):
    first, second = (_method(name).fit(pairs, BITS, seed=s) for s in (3, 4))

    assert not np.array_equal(first.text.weights, second.text.weights)


@pytest.mark.parametrize("name", fits.NAMES)
def test_only_supervised_methods_see_labels(name, pairs):
    bare = pairs.unlabelled()
    found = _method(name)

    if not found.supervised:
        assert name not in ("cmssh", "scm_orth", "scm_seq", "seph", "dcmh")
        return
    with pytest.raises(ValueError, match="learns from labels, and the train"):
        found.fit(bare, BITS)


@pytest.mark.parametrize("name", fits.NAMES)
def test_no_bits_are_refused(name, pairs):
    with pytest.raises(ValueError, match="at least 1; .* received 0"):
        _method(name).fit(pairs, 0)


@pytest.mark.parametrize("name", ["cvh", "pdh", "scm_orth", "scm_seq", "lssh"])
def test_more_bits_than_directions_are_refused(name, pairs):
    with pytest.raises(ValueError, match="gives at most 12 bits.*received 13"):
        _method(name).fit(pairs, 13)


def test_a_single_pair_is_refused(pairs):
    with pytest.raises(ValueError, match="at least 2 training pairs"):
        _method("cvh").fit(pairs.first(1), 1)


def test_another_method_s_file_is_refused(fitted, tmp_path):
    fitted("cvh").save(tmp_path / "model.npz")

    with pytest.raises(ValueError, match="should be a Kernel .* found Linear"):
        _method("seph").load(tmp_path / "model.npz")


def test_features_that_are_no_matrix_are_refused(fitted):
    with pytest.raises(ValueError, match=r"received shape \(4,\)"):
        fitted("cvh").image_bits(np.zeros(4))


@pytest.mark.parametrize("name", fits.NAMES)
def test_every_setting_says_what_it_is(name):
    found = _method(name)

    assert type(found).__doc__
    for field in dataclasses.fields(found):
        assert field.metadata["help"].endswith(".")
    settings.check(found)


class _Hamming:
    """A model's codes as scores: minus their Hamming distance."""

    def __init__(self, model):
        self._model = model

    def text_scorer(self, texts):
        bits = self._model.text_bits(texts)
        return lambda images: _agreeing(self._model.image_bits(images), bits)

    def image_scorer(self, images):
        bits = self._model.image_bits(images)
        return lambda texts: _agreeing(self._model.text_bits(texts), bits)


def _agreeing(left, right):
    return (2.0 * left - 1) @ (2.0 * right - 1).T
