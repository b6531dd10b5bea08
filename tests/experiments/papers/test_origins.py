import pytest

from common.runs import provenance
from experiments.papers import origins

RECORD = {
    "code": {"version": "0.2.0", "commit": "0123456789abcdef", "dirty": False},
    "versions": {"tensorflow": "2.21.0"},
    "processor": "AMD EPYC 7B13",
    "devices": ["CPU"],
}
MADE = "version 0.2.0 (0123456789) with TensorFlow 2.21.0 on AMD EPYC 7B13"
BEFORE = "made before code versions were recorded"


@pytest.mark.parametrize(
    "result",
    [{}, {"provenance": [provenance.before({"a": "1"})]}],
)
def test_figures_of_before_are_marked(result):
    assert origins.line([result]) == f"*These figures were {BEFORE}.*"


def test_a_table_in_which_all_failed_says_nothing_more():
    assert origins.below("| table |", [{"provenance": []}]) == "| table |"


def test_the_code_and_the_machine_are_named():
    assert origins.line([{"provenance": [RECORD]}]) == f"*Made by {MADE}.*"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ({"commit": None, "dirty": None}, "version 0.2.0 with"),
        ({"dirty": True}, "version 0.2.0 (0123456789, changed) with"),
    ],
)
def test_what_is_not_a_commit_alone_is_said(code, said):
    record = RECORD | {"code": RECORD["code"] | code}

    assert said in origins.line([{"provenance": [record]}])


def test_gpus_stand_in_the_processor_s_place():
    record = RECORD | {"devices": ["NVIDIA H200", "NVIDIA T4"]}

    assert origins.line([{"provenance": [record]}]).endswith(
        "on NVIDIA H200, NVIDIA T4.*"
    )


def test_several_makers_stand_there_once_each():
    gpu = RECORD | {"devices": ["NVIDIA H200"]}
    # Told apart by what the sentence does not name.
    same = RECORD | {"xla": True}

    found = origins.line(
        [{"provenance": [RECORD, gpu]}, {"provenance": [same]}, {}]
    )

    assert found == (
        f"*Made by {MADE}; version 0.2.0 (0123456789) with TensorFlow 2.21.0 "
        f"on NVIDIA H200. Some figures were {BEFORE}.*"
    )
