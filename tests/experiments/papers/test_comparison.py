import numpy as np
import pytest

from common.system import files
from experiments.papers import comparison


def _folder(path, **stored):
    files.write_npz(
        path / "average_precision.npz",
        **{name: np.array(values) for name, values in stored.items()},
    )
    return path


def test_a_query_has_the_mean_over_directions_in_each_run(tmp_path):
    first = _folder(tmp_path / "0", i2t=[0.1, 0.2], t2i=[0.3, np.nan])
    second = _folder(tmp_path / "1", i2t=[0.5, 0.2], t2i=[0.3, np.nan])

    found = comparison.average_precision([first, second])

    # (.1 + .3) / 2 and (.5 + .3) / 2.
    np.testing.assert_allclose(found, [[0.2, np.nan], [0.4, np.nan]])


def test_runs_of_other_queries_are_refused(tmp_path):
    first = _folder(tmp_path / "0", i2t=[0.1, 0.2], t2i=[0.3, 0.1])
    second = _folder(tmp_path / "1", i2t=[0.5], t2i=[0.3])

    with pytest.raises(ValueError, match=r"Runs have \[1, 2\] queries"):
        comparison.average_precision([first, second])


def test_a_run_without_its_numbers_is_named(tmp_path):
    with pytest.raises(ValueError, match="average_precision.npz does not hold"):
        comparison.average_precision([tmp_path])


def test_an_advantage_on_every_query_has_no_spread():
    first = np.linspace(0.2, 0.9, 50)[None]

    found = comparison.paired(first, first - 0.1)

    assert found == pytest.approx(
        {"difference": 0.1, "low": 0.1, "high": 0.1, "seeds": 1}
    )


def test_seeds_that_differ_widen_the_interval():
    # Queries are alike, so all that varies is the seed: 0.5 and 0.1 apart.
    even = np.zeros([2, 50])
    first = even + np.array([[0.6], [0.4]])

    found = comparison.paired(first, even + 0.45)

    # Of two draws both are the better seed with probability 1/4.
    assert found == pytest.approx(
        {"difference": 0.05, "low": -0.05, "high": 0.15, "seeds": 2}
    )


def test_pairing_tells_what_separate_means_cannot():
    # Queries differ by much, methods on a query by little and always alike.
    rng = np.random.default_rng(0)
    first = rng.random([1, 400])
    second = first - 0.01 + 0.01 * rng.normal(size=[1, 400])
    unrelated = rng.permutation(second, axis=1)

    pairs = comparison.paired(first, second)
    shuffled = comparison.paired(first, unrelated)

    # The error of a mean of 400 normal values of .01 is .0005: twice to
    # each side.
    assert pairs["low"] > 0
    assert pairs["high"] - pairs["low"] == pytest.approx(0.002, rel=0.2)
    assert shuffled["low"] < 0 < shuffled["high"]


def test_queries_without_relevant_items_do_not_count():
    first = np.array([[0.5, np.nan, 0.7]])
    second = np.array([[0.4, np.nan, 0.4]])

    found = comparison.paired(first, second)

    assert found["difference"] == pytest.approx(0.2)


def test_own_methods_are_compared_with_every_other_row(tmp_path):
    folders = {
        (name, 16): [_folder(tmp_path / name, i2t=values, t2i=values)]
        for name, values in (
            ("CVH", [0.1, 0.3]),
            ("UGACH", [0.4, 0.6]),
            ("UCH", [0.2, 0.4]),
        )
    }

    found = {
        (one["variant"], one["other"]): one["difference"]
        for one in comparison.compare(folders)
    }

    assert found == pytest.approx(
        {
            ("UGACH", "CVH"): 0.3,
            ("UGACH", "UCH"): 0.2,
            ("UCH", "CVH"): 0.1,
        }
    )


@pytest.mark.parametrize("values", [[np.nan, np.nan], [0.5, np.nan]])
def test_methods_that_no_two_queries_tell_apart_are_not_compared(
    tmp_path, values
):
    folder = _folder(tmp_path, i2t=values, t2i=values)

    found = comparison.compare({("UCH", 16): [folder], ("CVH", 16): [folder]})

    assert found == []
