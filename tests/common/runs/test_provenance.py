import getpass
import json
import os
import platform
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.hamming import kernel
from common.hamming.native import library
from common.runs import provenance
from common.runs import records
from common.system import code
from common.system import files
from common.system import machine

OTHER = {"code": {"version": "9"}}
SAVED = {
    "method": "m",
    "config": {"bits": 8},
    "run": {"dataset": "d"},
    "data": {"sha256": ""},
    "split": {"sha256": ""},
}


def test_a_record_says_what_this_process_computes_with():
    found = provenance.record(xla=True)

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found) == [
        *("code", "versions", "processor", "scan", "threads", "devices"),
        *("xla", "precision"),
    ]
    assert found["code"] == code.current()
    assert found["versions"] == {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
    assert found["processor"] == machine.processor()
    assert found["scan"] in library.PATHS
    assert found["devices"] == ["CPU"]
    assert found["xla"] is True
    assert found["precision"] == "float32"
    assert provenance.record()["xla"] is None


def test_a_record_names_no_user_host_or_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")

    text = json.dumps(provenance.record())

    for private in (getpass.getuser(), socket.gethostname(), "somebody"):
        assert f'"{private}' not in text and f" {private}" not in text
    for folder in (os.getcwd(), sys.prefix, "/home"):
        assert folder not in text


def test_scans_without_a_compiler_are_those_of_numpy(monkeypatch):
    monkeypatch.setattr(kernel, "library", lambda: None)

    assert provenance.record()["scan"] == "numpy"


def test_threads_are_those_that_were_asked_for(monkeypatch):
    import threadpoolctl

    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "0")
    with threadpoolctl.threadpool_limits(1):
        found = provenance.record()["threads"]

    assert found == {
        **{"blas": 1, "intra_op": 3},
        **dict.fromkeys(("inter_op", "scan"), kernel.core_count()),
    }


def test_what_was_not_loaded_is_not_told():
    program = (
        "import json; from common.runs import provenance; "
        "print(json.dumps(provenance.record()))"
    )

    finished = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(finished.stdout)

    # Their packages have versions all the same.
    assert found["versions"] == provenance.record()["versions"]
    assert (found["devices"], found["precision"]) == (["CPU"], None)
    assert (found["threads"]["intra_op"], found["threads"]["inter_op"]) == (
        *(None, None),
    )


def test_a_package_that_is_not_there_has_no_version(monkeypatch):
    monkeypatch.setattr(provenance, "_PACKAGES", ("no-such-package",))

    assert provenance.record()["versions"]["no-such-package"] is None


def test_records_of_many_runs_are_kept_once():
    known = [{"a": 1}]

    assert provenance.places([{"b": 2}, {"a": 1}], known) == [1, 0]
    assert provenance.places([{"b": 2}], known) == [1]
    assert provenance.places([], known) == []
    assert provenance.places([{"c": 3}, {"c": 3}], known) == [2, 2]
    assert known == [{"a": 1}, {"b": 2}, {"c": 3}]


@pytest.fixture
def run(tmp_path):
    files.write_json(tmp_path / "run.json", SAVED)
    return tmp_path


def _sessions(run):
    return files.read_json(run / "run.json")["provenance"]


def test_a_session_is_noted_where_it_differs_from_the_one_before(run):
    first = provenance.record()

    records.add_session(run, first)
    records.add_session(run, first)
    assert _sessions(run) == [first]

    records.add_session(run, OTHER)
    records.add_session(run, first)
    assert _sessions(run) == [first, OTHER, first]
    assert records.made_by(run) == [first, OTHER]
    assert files.read_json(run / "run.json") == {
        **SAVED,
        "provenance": [first, OTHER, first],
    }


def test_a_run_of_an_earlier_version_goes_on_and_says_so(run):
    versions = {"numpy": "2.0.0", "cross-modal-hashing": "not installed"}
    files.write_json(run / "run.json", SAVED | {"versions": versions})
    before = {"note": provenance.NOTE, "versions": versions}

    assert records.made_by(run) == [before]
    records.add_session(run, OTHER)
    assert _sessions(run) == [before, OTHER]


def test_what_was_not_trained_was_made_by_nothing(run):
    assert records.made_by(run) == []
    assert records.made_by(run / "nowhere") == []


def test_an_evaluation_by_other_code_is_told(run):
    records.add_session(run, OTHER)
    evaluated = provenance.record()
    files.write_json(run / "metrics.json", {"provenance": [evaluated]})

    assert records.made_by(run) == [OTHER, evaluated]


@pytest.mark.parametrize("damaged", ["text", 7, {}, None])
def test_a_damaged_list_of_sessions_is_begun_anew(run, damaged):
    files.write_json(run / "run.json", SAVED | {"provenance": damaged})
    files.write_json(run / "metrics.json", [])

    assert records.made_by(run) == []
    records.add_session(run, OTHER)
    assert _sessions(run) == [OTHER]
