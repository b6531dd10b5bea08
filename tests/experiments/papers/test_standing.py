import pytest

from experiments.papers import standing


def _pair(variant, other, bits, difference, low, high):
    return {
        "variant": variant,
        "other": other,
        "bits": bits,
        "difference": difference,
        "low": low,
        "high": high,
    }


@pytest.fixture
def result():
    return {
        "methods": ["CVH", "UGACH", "UCH", "SCM_seq"],
        "supervised": ["SCM_seq"],
        "lengths": [16, 32],
        "comparisons": [
            _pair("UGACH", "CVH", 16, 0.2, 0.1, 0.3),
            _pair("UGACH", "CVH", 32, 0.01, -0.01, 0.03),
            _pair("UGACH", "UCH", 16, 0.1, 0.05, 0.15),
            _pair("UGACH", "UCH", 32, -0.2, -0.3, -0.1),
            _pair("UGACH", "SCM_seq", 16, -0.5, -0.6, -0.4),
            _pair("UCH", "CVH", 16, 0.1, 0.0, 0.2),
        ],
    }


def test_a_tie_and_a_better_method_are_named(result):
    assert list(standing.rows(result)) == [
        ["UGACH", "all", "all but CVH +0.0100 (tie), UCH -0.2000"],
        ["UCH", "all but CVH +0.1000 (tie), UGACH -0.1000", "all"],
    ]


def test_a_method_that_stands_alone_in_its_kind_has_no_row(result):
    result["comparisons"] = [_pair("SSAH", "CVH", 16, 0.5, 0.4, 0.6)]
    result["methods"] += ["SSAH"]
    result["supervised"] = ["SSAH"]

    assert list(standing.rows(result)) == []
