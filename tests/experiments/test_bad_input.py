import dataclasses
import os

import numpy as np
import pytest

from common.system import files

# Every command here ends before it imports TensorFlow.


@pytest.fixture
def refused(command, flags, config, toy, tmp_path):
    """Trains with wrong input; returns the one line that says why."""
    run = dataclasses.replace(
        toy,
        output_dir=str(tmp_path / "out"),
        cache_dir=str(tmp_path / "cache"),
    )

    def refused(*typed, **changes):
        settings = flags(config, dataclasses.replace(run, **changes))
        before = _everything(tmp_path)

        code, output, errors = command("train_ugach", *settings, *typed)

        assert code == 1
        assert output == ""
        assert "Traceback" not in errors
        assert _everything(tmp_path) == before
        return errors

    return refused


def _everything(folder):
    """Paths below a folder with the content of files."""
    return {
        path: path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def _sentence(errors):
    """The only line on stderr, without its `Error: `."""
    (line,) = errors.splitlines()
    start, sentence = line.split(": ", 1)
    assert start == "Error"
    assert sentence.endswith((".", "'"))
    return sentence


def _nan(image):
    changed = image.copy()
    changed[5, 3] = np.nan
    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: {"image": _nan(d.image)},
            "`image` holds NaN or infinite values in 1 rows, the first is row",
        ),
        (
            lambda d: {"vocab": d.vocabulary[:-1]},
            "received 14 words for 15 columns",
        ),
        (lambda d: {"text": d.text[:-1]}, "image: 120, text: 119"),
        (
            lambda d: {"text": d.text[0]},
            "it has no text; it holds image (120, 12), text (15,)",
        ),
        (lambda d: {"labels": 2 * d.labels}, "from 0 to 2, not only 0 and 1"),
    ],
    ids=["nan", "vocabulary", "rows", "matrix", "labels"],
)
def test_wrong_data_is_refused(refused, data, tmp_path, change, message):
    path = tmp_path / "wrong.npz"
    arrays = {
        "image": data.image,
        "text": data.text,
        "labels": data.labels,
        **change(data),
    }
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})

    sentence = _sentence(refused(dataset=str(path)))

    assert sentence.startswith(str(path))
    assert message in sentence


@pytest.mark.parametrize(
    ("name", "more", "reason"),
    [
        ("train_ssah", (), "the method learns from them"),
        ("train_ugach", ("--ablation",), "a table of MAPs needs them"),
        ("train_baselines", (), "a MAP needs them"),
    ],
)
def test_labels_are_asked_for_where_they_are_needed(
    command, data, tmp_path, name, more, reason
):
    np.savez(tmp_path / "d.npz", image=data.image, text=data.text)

    code, output, errors = command(name, "--dataset=d.npz", *more)

    assert (code, output) == (1, "")
    assert _sentence(errors) == (
        f"d.npz has no `labels`, and {reason}; add `labels` [n, c] of 0 and 1."
    )
    assert os.listdir(tmp_path) == ["d.npz"]


@pytest.mark.parametrize("kept", [100, 5000])
def test_a_truncated_file_is_refused(refused, data_file, kept):
    data_file.write_bytes(data_file.read_bytes()[:kept])

    sentence = _sentence(refused(dataset=str(data_file)))

    assert sentence.startswith(f"{data_file}: data.npz is not a readable .npz")


def test_an_absent_file_is_refused(refused, tmp_path):
    sentence = _sentence(refused(dataset=str(tmp_path / "nothing.npz")))

    assert sentence.startswith(f"No data set at {tmp_path}/nothing.npz")


def test_a_code_length_of_zero_is_refused(refused):
    assert _sentence(refused("--bits=0")) == (
        "bits must be at least 1; received 0."
    )


def test_more_queries_than_items_are_refused(refused):
    assert "between 1 and 119" in _sentence(refused(num_query=120))


def test_a_word_that_is_no_flag_is_refused(refused):
    assert _sentence(refused("bits")) == "unknown argument 'bits'; see --help."


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("--preset=unknown", "should be one of <default|paper|released>"),
        ("--bits=many", "--bits=many"),
        ("--colour=red", "Unknown command line flag 'colour'"),
    ],
)
def test_flags_that_do_not_parse_are_refused(refused, typed, message):
    # absl words these itself and adds where help is.
    first, second = refused(typed).splitlines()

    assert first.startswith("FATAL Flags parsing error: ")
    assert message in first
    assert second == "Pass --helpshort or --helpfull to see help on flags."


def test_a_folder_that_cannot_be_made_is_refused(refused, tmp_path):
    # Root may write anywhere, but not below a file.
    (tmp_path / "file").write_text("kept")

    sentence = _sentence(refused(output_dir=str(tmp_path / "file" / "out")))

    assert f"{tmp_path}/file" in sentence


def test_a_folder_that_holds_a_run_is_refused(refused, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}")

    assert _sentence(refused()) == (
        f"{tmp_path}/out already holds a run; pass --resume to continue it or "
        "another --output_dir."
    )


def test_nothing_to_resume_is_refused(refused):
    assert _sentence(refused(resume=True)).startswith("Nothing to resume")


def test_thumbnails_that_are_none_are_refused(refused, toy):
    sentence = _sentence(refused(thumbnails=toy.dataset))

    assert sentence.startswith(f"{toy.dataset} holds no thumbnails")


@pytest.mark.parametrize("name", ["evaluate", "search"])
def test_a_run_that_is_not_there_is_refused(command, name, tmp_path):
    typed = ["--text=red"] if name == "search" else []

    code, output, errors = command(name, "--run=nowhere", *typed)

    assert (code, output) == (1, "")
    assert _sentence(errors) == (
        "nowhere holds no run: there is no nowhere/run.json."
    )
    assert os.listdir(tmp_path) == []


def test_a_benchmark_in_a_folder_that_is_not_there_is_refused(command):
    code, output, errors = command("benchmarks.pipeline", "--folder=/nowhere")

    assert (code, output) == (1, "")
    assert "No such file or directory: '/nowhere/" in _sentence(errors)


@pytest.mark.parametrize("typed", [[], ["--text=red", "--item=1"]])
def test_a_search_asks_with_exactly_one_thing(command, typed):
    code, output, errors = command("search", *typed)

    assert (code, output) == (1, "")
    assert _sentence(errors) == (
        "Ask with one of --text, --image, --item and --vector."
    )


def test_a_graph_of_other_rows_is_one_sentence(refused, tmp_path):
    neighbours = np.zeros((7, 7), np.int32)
    files.write_npz(tmp_path / "graph.npz", neighbours=neighbours)
    settings = {
        "graph_size": 3,
        "graph_metric": "cosine",
        "modalities": {"image": {"sha256": "a"}, "text": {"sha256": "b"}},
    }
    manifest = {"settings": settings, "sha256": files.array_digest(neighbours)}
    files.write_json(tmp_path / "graph.json", manifest)

    errors = refused(f"--graph={tmp_path / 'graph.npz'}")

    assert "is a graph of 7 rows" in _sentence(errors)


def test_a_graph_that_is_not_there_is_one_sentence(refused, tmp_path):
    errors = refused(f"--graph={tmp_path / 'nothing.npz'}")

    assert "nothing.npz" in _sentence(errors)
