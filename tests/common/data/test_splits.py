import numpy as np
import pytest

from common.data import splits


def test_the_split_is_the_documented_permutation():
    rows = np.arange(100, 200)

    split = splits.make(rows, num_query=10, num_train=30, seed=3)

    permuted = np.random.default_rng(3).permutation(rows)
    np.testing.assert_array_equal(split.query, permuted[:10])
    np.testing.assert_array_equal(split.retrieval, permuted[10:])
    np.testing.assert_array_equal(split.train, permuted[10:40])


def test_zero_trains_on_the_whole_retrieval_set():
    split = splits.make(np.arange(20), num_query=5)

    np.testing.assert_array_equal(split.train, split.retrieval)


def test_validation_is_scored_against_the_rest_of_retrieval():
    split = splits.make(np.arange(50), num_query=10, num_validation=8)

    assert len(split.validation) == 8
    assert not np.isin(split.validation, split.validation_database).any()
    assert len(split.validation_database) == 32
    assert np.isin(split.validation, split.train).all()


def test_held_out_validation_is_not_trained_on():
    split = splits.make(
        np.arange(50), 10, num_validation=8, hold_out_validation=True
    )

    assert not np.isin(split.validation, split.train).any()
    assert len(split.train) == 32


def test_a_stored_split_comes_back(tmp_path):
    split = splits.make(np.arange(30), num_query=5, num_validation=3)
    split.save(tmp_path / "split.npz")

    found = splits.load(tmp_path / "split.npz")

    assert found.digest() == split.digest()
    np.testing.assert_array_equal(found.validation, split.validation)


def test_an_edited_split_is_refused(tmp_path):
    path = tmp_path / "split.npz"
    splits.make(np.arange(30), num_query=5).save(path)
    with np.load(path) as archive:
        stored = dict(archive)
    stored["train"] = stored["train"][1:]
    np.savez(path, **stored)

    with pytest.raises(ValueError, match="does not fit its own SHA-256"):
        splits.load(path)


def test_overlapping_query_and_retrieval_are_refused():
    rows = np.arange(5)

    with pytest.raises(ValueError, match="1 rows are both query and retrieval"):
        splits.Split(rows[:2], rows[1:], rows[2:], rows[:0])


def test_training_rows_outside_retrieval_are_refused():
    rows = np.arange(5)

    with pytest.raises(ValueError, match="rows of `train` are not in"):
        splits.Split(rows[:2], rows[2:], rows[1:], rows[:0])


def test_repeated_rows_are_refused():
    with pytest.raises(ValueError, match="repeats rows in `query`"):
        splits.Split(*(np.array(r) for r in ([0, 0], [1], [1], [])))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_query": 0}, "num_query must lie between 1 and 9"),
        ({"num_query": 10}, "received 10"),
        ({"num_query": 2, "num_train": 9}, "between 0 and the 8"),
        ({"num_query": 2, "num_validation": 8}, "between 0 and 7"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        splits.make(np.arange(10), **arguments)


def test_given_parts_are_kept_and_validation_is_drawn_from_retrieval():
    parts = {
        "query": np.array([0, 1]),
        "retrieval": np.arange(2, 12),
        "train": np.array([5, 2, 9, 4]),
    }

    split = splits.complete(parts, num_train=3, num_validation=2)

    assert split.train.tolist() == [5, 2, 9]
    assert split.query.tolist() == [0, 1]
    assert len(np.intersect1d(split.validation, parts["retrieval"])) == 2


def test_more_training_rows_than_are_given_are_refused():
    parts = {"query": np.array([0]), "retrieval": np.array([1, 2])}

    with pytest.raises(ValueError, match="between 0 and the 2 training rows"):
        splits.complete(parts, num_train=3)
