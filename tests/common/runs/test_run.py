import dataclasses
import json
import os
import pathlib

import numpy as np
import pytest

from common.data import arrays
from common.data import bow
from common.data import readers
from common.data import splits
from common.models import settings
from common.runs import records
from common.runs import run as common_run
from common.system import files


@dataclasses.dataclass(frozen=True)
class Config:
    bits: int = settings.setting(8, "Length.", minimum=1)
    rate: float = settings.setting(0.1, "Rate.")


@pytest.fixture
def run(data_file, tmp_path):
    return common_run.Run(
        dataset=str(data_file),
        output_dir=str(tmp_path / "out"),
        cache_dir=str(tmp_path / "cache"),
    )


def _saved(path, data, **changes):
    kept = {
        "image": data.image,
        "text": data.text,
        "labels": data.labels,
        **changes,
    }
    np.savez(path, **{k: v for k, v in kept.items() if v is not None})
    return str(path)


def _prepare(run, config=None, method="method"):
    return common_run.prepare(run, method, config or Config())


def _refused(run, config=None, method="method"):
    with pytest.raises(ValueError) as error:
        _prepare(run, config, method)
    return str(error.value)


def test_a_prepared_run_has_its_data_split_and_folder(run, data, tmp_path):
    prepared = _prepare(run)

    assert prepared.directory == tmp_path / "out"
    assert prepared.data.digest() == data.digest()
    stored = splits.load(tmp_path / "out" / "split.npz")
    assert stored.digest() == prepared.split.digest()
    assert sorted(os.listdir(tmp_path / "out")) == ["run.json", "split.npz"]


def test_a_small_set_gives_a_sixth_to_queries_and_a_tenth_to_validation(run):
    split = _prepare(run).split

    # 120 // 6 and (120 - 1) // 10.
    assert split.counts() == {
        "query": 20,
        "retrieval": 100,
        "train": 100,
        "validation": 11,
    }


def test_the_numbers_of_a_split_can_be_chosen(run):
    chosen = dataclasses.replace(
        run,
        num_query=30,
        num_train=50,
        num_validation=5,
        hold_out_validation=True,
    )

    split = _prepare(chosen).split

    # The last five of the 90 retrieval rows are not among the first 50.
    assert split.counts() == {
        "query": 30,
        "retrieval": 90,
        "train": 50,
        "validation": 5,
    }


def test_validation_can_be_held_out_of_training(run):
    kept = dataclasses.replace(run, hold_out_validation=True)

    split = _prepare(kept).split

    assert len(split.train) == 89
    assert not np.intersect1d(split.train, split.validation).size


def test_the_record_says_everything_that_decides_the_outcome(run, data):
    config = Config(bits=16)
    prepared = _prepare(run, config)

    record = records.load(prepared.directory)

    name = pathlib.Path(run.dataset).name
    assert record.pop("from_run") == {"dataset": f"../{name}"}
    assert record == records.describe(
        run, "method", config, prepared.data, prepared.split
    )
    assert record["method"] == "method"
    assert record["config"] == {"bits": 16, "rate": 0.1}
    assert record["run"] == dataclasses.asdict(run)
    assert record["data"] == {
        "items": 120,
        "image_shape": [12],
        "text_dim": 15,
        "text_kind": "bag_of_words",
        "sha256": data.digest(),
        "empty_texts": 0,
        "vocabulary_sha256": bow.digest(data.vocabulary),
    }
    assert record["split"] == {
        **prepared.split.counts(),
        "sha256": prepared.split.digest(),
    }


def test_empty_texts_are_counted(data):
    text = data.text.copy()
    text[[3, 50]] = 0
    changed = dataclasses.replace(data, text=text)
    split = splits.make(np.arange(len(data)), 20)

    record = records.describe(
        common_run.Run(), "method", Config(), changed, split
    )

    assert record["data"]["empty_texts"] == 2
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_a_folder_that_holds_a_run_is_not_written_again(run, tmp_path):
    _prepare(run)
    before = (tmp_path / "out" / "run.json").read_bytes()

    message = _refused(run, Config(bits=16))

    assert message == (
        f"{tmp_path}/out already holds a run; pass --resume to continue it or "
        "another --output_dir."
    )
    assert (tmp_path / "out" / "run.json").read_bytes() == before


def test_a_run_resumes_with_the_same_settings_and_writes_nothing(run, tmp_path):
    first = _prepare(run)
    before = (tmp_path / "out" / "run.json").read_bytes()

    resumed = _prepare(dataclasses.replace(run, resume=True))

    assert resumed.split.digest() == first.split.digest()
    assert resumed.directory == first.directory
    assert (tmp_path / "out" / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (Config(bits=16), "bits was 8, is 16"),
        (Config(rate=0.2), "rate was 0.1, is 0.2"),
        (Config(16, 0.2), "bits was 8, is 16, rate was 0.1, is 0.2"),
    ],
)
def test_resuming_with_another_setting_names_it(run, config, named, tmp_path):
    _prepare(run)

    message = _refused(dataclasses.replace(run, resume=True), config)

    assert message == (
        f"Cannot resume {tmp_path}/out with other settings: {named}."
    )


def test_resuming_without_a_setting_that_was_names_it(run, tmp_path):
    _prepare(run)
    record_file = tmp_path / "out" / "run.json"
    record = files.read_json(record_file)
    record["config"]["momentum"] = 0.9
    files.write_json(record_file, record)

    message = _refused(dataclasses.replace(run, resume=True))

    assert message.endswith("other settings: momentum was 0.9, is None.")


def test_a_run_resumes_that_did_not_know_a_setting_yet(run, tmp_path):
    _prepare(run)
    record_file = tmp_path / "out" / "run.json"
    record = files.read_json(record_file)
    del record["config"]["rate"]
    files.write_json(record_file, record)
    again = dataclasses.replace(run, resume=True)

    _prepare(again)

    message = _refused(again, Config(rate=0.2))
    assert message.endswith("other settings: rate was 0.1, is 0.2.")


def test_resuming_another_split_is_refused(run):
    _prepare(run)

    message = _refused(dataclasses.replace(run, resume=True, split_seed=1))

    assert "with other settings: sha256 was" in message


def test_resuming_with_other_data_is_refused(run, data, tmp_path):
    _prepare(run)
    _saved(tmp_path / "other.npz", data, image=data.image + 1)

    message = _refused(
        dataclasses.replace(
            run, resume=True, dataset=str(tmp_path / "other.npz")
        )
    )

    assert "with other settings: sha256 was" in message


def test_resuming_with_another_method_is_refused(run):
    _prepare(run)

    message = _refused(dataclasses.replace(run, resume=True), method="other")

    assert message.endswith("with other settings: method was method, is other.")


def test_resuming_with_another_seed_is_refused(run, tmp_path):
    _prepare(run)

    message = _refused(dataclasses.replace(run, resume=True, seed=3))

    assert message == (
        f"Cannot resume {tmp_path}/out with seed 3; it was started with 0."
    )


def test_there_must_be_something_to_resume(run, tmp_path):
    message = _refused(dataclasses.replace(run, resume=True))

    assert message == (
        f"Nothing to resume: there is no {tmp_path}/out/run.json; leave "
        "--resume out."
    )
    assert not (tmp_path / "out").exists()


def test_a_run_without_a_name_cannot_be_resumed(run):
    message = _refused(dataclasses.replace(run, output_dir="", resume=True))

    assert message == "--resume needs the --output_dir of the run."


def test_a_new_folder_says_method_data_length_seed_and_time(
    run, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    prepared = _prepare(dataclasses.replace(run, output_dir="", seed=5))

    parent, name = prepared.directory.parts
    assert parent == "runs"
    method, data, bits, seed, time = name.split("_")
    assert (method, data, bits, seed) == ("method", "data", "8", "5")
    # Year, month, day, a dash, hour, minute, second.
    assert time.replace("-", "", 1).isdigit() and len(time) == 15
    assert (tmp_path / prepared.directory / "run.json").is_file()


def test_a_run_may_use_some_rows_only(run):
    prepared = _prepare(dataclasses.replace(run, rows="some_rows"))

    # The even rows of 120; a sixth of 60 are queries.
    both = np.concatenate([prepared.split.query, prepared.split.retrieval])
    assert sorted(both) == list(range(0, 120, 2))
    assert len(prepared.split.query) == 10


@pytest.mark.parametrize(
    ("rows", "reach"), [([0, 1, 120], "0 to 120"), ([-1, 1, 2], "-1 to 2")]
)
def test_rows_that_the_data_does_not_have_are_refused(
    run, data, tmp_path, rows, reach
):
    dataset = _saved(tmp_path / "rows.npz", data, chosen=np.array(rows))

    message = _refused(dataclasses.replace(run, dataset=dataset, rows="chosen"))

    assert message == (
        f"Rows `chosen` reach from {reach}, but {dataset} has 120 rows."
    )
    assert not (tmp_path / "out").exists()


def test_an_unknown_selection_of_rows_is_refused(run):
    with pytest.raises(readers.DataError, match="no rows `chosen`"):
        common_run.read_inputs(dataclasses.replace(run, rows="chosen"))


def test_labels_are_needed_by_methods_that_learn_from_them(run, data, tmp_path):
    dataset = _saved(tmp_path / "bare.npz", data, labels=None, label_names=None)
    run = dataclasses.replace(run, dataset=dataset)

    with pytest.raises(ValueError) as error:
        common_run.prepare(run, "method", Config(), supervised=True)

    assert str(error.value) == (
        f"{dataset} has no `labels`, and the method learns from them; add "
        "`labels` [n, c] of 0 and 1."
    )
    assert not (tmp_path / "out").exists()
    assert _prepare(run).data.labels is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_query": 120}, "num_query must lie between 1 and 119"),
        ({"num_train": 101}, "num_train must lie between 0 and the 100"),
        (
            {"num_validation": 12},
            "num_validation must be at most 11, a tenth of the 120 rows; "
            "received 12.",
        ),
        ({"dataset": "nowhere.npz"}, "No data set at nowhere.npz"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    run, tmp_path, changes, message
):
    assert _refused(dataclasses.replace(run, **changes)).startswith(message)
    assert not (tmp_path / "out").exists()


def test_a_set_of_two_items_is_the_smallest(run, tmp_path):
    two = arrays.CrossModalData(
        image=np.eye(2), text=np.eye(2), labels=np.ones((2, 1))
    )
    dataset = _saved(tmp_path / "two.npz", two)

    split = _prepare(dataclasses.replace(run, dataset=dataset)).split

    assert (len(split.query), len(split.train), len(split.validation)) == (
        *(1, 1, 0),
    )


@pytest.mark.parametrize(
    "wrong", [{"seed": -1}, {"num_query": -1}, {"split_seed": -5}]
)
def test_negative_numbers_are_refused(wrong):
    name = next(iter(wrong))

    with pytest.raises(ValueError, match=f"^{name} must be at least 0"):
        common_run.Run(**wrong)


def test_a_folder_below_a_file_is_an_error_of_the_system(run, data_file):
    below = dataclasses.replace(run, output_dir=str(data_file / "out"))

    with pytest.raises(OSError):
        _prepare(below)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(ValueError) as error:
        records.load(tmp_path)

    assert str(error.value) == (
        f"{tmp_path} holds no run: there is no {tmp_path}/run.json."
    )


def test_a_cache_folder_may_be_in_the_home(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    prepared = _prepare(dataclasses.replace(run, cache_dir="~/kept"))

    assert prepared.cache_dir == tmp_path / "kept"


def test_wrong_thumbnails_are_refused_before_anything_is_written(run, tmp_path):
    (tmp_path / "pictures.npz").write_bytes(b"none")

    message = _refused(
        dataclasses.replace(run, thumbnails=str(tmp_path / "pictures.npz"))
    )

    assert message.startswith(f"{tmp_path}/pictures.npz holds no thumbnails")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "trained"), [({}, 100), ({"num_train": 40}, 40)]
)
def test_a_supervised_method_trains_on_all_of_a_small_set(
    run, changes, trained
):
    chosen = dataclasses.replace(run, **changes)

    _, split = common_run.read_inputs(chosen, supervised=True)

    assert len(split.train) == trained


def test_a_supervised_method_trains_on_5000_items_at_most(run, tmp_path):
    many = arrays.CrossModalData(
        image=np.ones((6200, 1), np.float32),
        text=np.ones((6200, 1), np.uint8),
        labels=np.ones((6200, 1), np.uint8),
    )
    large = dataclasses.replace(
        run, dataset=_saved(tmp_path / "many.npz", many), num_query=200
    )

    _, supervised = common_run.read_inputs(large, supervised=True)
    _, unsupervised = common_run.read_inputs(large)

    assert len(supervised.train) == 5000
    assert len(unsupervised.train) == 6000
    np.testing.assert_array_equal(supervised.query, unsupervised.query)


@pytest.fixture
def pictured(run, thumbnail_file):
    """A run on the pictures of the even rows."""
    return dataclasses.replace(
        run, image_input="pixels", thumbnails=str(thumbnail_file)
    )


def test_pictures_take_the_place_of_features(pictured, data):
    prepared = _prepare(pictured)

    assert prepared.data.image_shape == (8, 12, 3)
    np.testing.assert_array_equal(prepared.data.text, data.text)
    split = prepared.split
    used = np.sort(np.concatenate([split.query, split.retrieval]))
    np.testing.assert_array_equal(used, np.arange(0, 120, 2))
    record = records.load(prepared.directory)
    assert record["run"]["image_input"] == "pixels"
    assert record["data"]["image_shape"] == [8, 12, 3]
    resumed = _prepare(dataclasses.replace(pictured, resume=True))
    assert resumed.data.digest() == prepared.data.digest()


def test_only_chosen_rows_with_a_picture_are_used(pictured, data, tmp_path):
    dataset = _saved(tmp_path / "chosen.npz", data, chosen=np.arange(0, 120, 3))

    split = _prepare(
        dataclasses.replace(pictured, dataset=dataset, rows="chosen")
    ).split

    used = np.sort(np.concatenate([split.query, split.retrieval]))
    np.testing.assert_array_equal(used, np.arange(0, 120, 6))


def test_a_data_set_of_pixels_needs_no_thumbnails(run, data, tmp_path):
    pixels = np.ones((120, 4, 5, 3), np.uint8)
    dataset = _saved(tmp_path / "pixels.npz", data, image=pixels)

    for image_input in ("features", "pixels"):
        found, rows = common_run.read_data(
            dataclasses.replace(run, dataset=dataset, image_input=image_input)
        )
        assert found.image_shape == (4, 5, 3) and len(rows) == 120


def test_pixels_without_pictures_are_refused(run):
    message = _refused(dataclasses.replace(run, image_input="pixels"))

    assert message.startswith("--image_input=pixels needs pictures")


def test_a_run_is_resumed_with_the_images_it_was_started_with(pictured):
    _prepare(pictured)

    message = _refused(
        dataclasses.replace(pictured, image_input="features", resume=True)
    )

    assert "with image_input features; it was started with pixels" in message


def test_a_check_sees_data_and_split_before_anything_is_written(run, tmp_path):
    def check(data, split):
        raise ValueError(f"{len(data)} and {len(split.train)}")

    with pytest.raises(ValueError, match="120 and 100"):
        common_run.prepare(run, "method", Config(), check=check)

    assert not (tmp_path / "out").exists()


@pytest.fixture
def split_run(run, data, tmp_path):
    """A run on data that comes with its own split."""
    path = _saved(
        tmp_path / "split.npz",
        data,
        query=np.arange(100, 120),
        retrieval=np.arange(100),
        train=np.arange(50, 90),
    )
    return dataclasses.replace(run, dataset=path)


@pytest.mark.parametrize("protocol", ["auto", "own"])
def test_the_split_of_the_data_set_is_taken(split_run, protocol):
    run = dataclasses.replace(split_run, protocol=protocol, num_train=30)

    _, split = common_run.read_inputs(run)

    assert split.query.tolist() == list(range(100, 120))
    assert split.train.tolist() == list(range(50, 80))
    assert len(split.validation) == 9  # A tenth of the retrieval set at most.


def test_validation_takes_a_tenth_of_a_given_retrieval_set(split_run):
    largest = dataclasses.replace(split_run, num_validation=9)

    _, split = common_run.read_inputs(largest)

    assert len(split.validation) == 9
    message = _refused(dataclasses.replace(split_run, num_validation=10))
    assert "at most 9, a tenth of the 100 rows; received 10." in message


def test_a_run_whose_validation_was_cut_resumes(run):
    first = _prepare(run)
    cut = dataclasses.replace(run, num_validation=300, resume=True)

    resumed = _prepare(cut)

    assert len(first.split.validation) == 11
    assert resumed.split.digest() == first.split.digest()


def test_a_split_may_be_drawn_all_the_same(split_run):
    run = dataclasses.replace(split_run, protocol="drawn", num_query=7)

    _, split = common_run.read_inputs(run)

    assert len(split.query) == 7
    assert len(split.retrieval) == 113


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_query": 5}, "--num_query needs a split that is drawn"),
        ({"rows": "train"}, "--rows needs a split that is drawn"),
        ({"protocol": "dcmh"}, "Protocol dcmh knows these numbers of items"),
    ],
)
def test_settings_that_a_given_split_rules_out_are_refused(
    split_run, changes, message
):
    assert message in _refused(dataclasses.replace(split_run, **changes))


def test_a_data_set_without_a_split_has_no_own_one(run):
    message = _refused(dataclasses.replace(run, protocol="own"))

    assert "comes without a split of its own" in message
