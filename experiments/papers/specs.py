"""What stands in each of the papers' tables and figures."""

import dataclasses
from typing import Any

from ssah import config

_FACTORS = (0.01, 0.1, 1.0, 10.0, 100.0)


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of a table or figure.

    Attributes:
        label: Its name there.
        method: The method, by its name in tables.
        changes: Settings that differ from the method's default.
        line: Name of the line that it is a point of, in a figure of points.
        point: Where it stands on the axis of a figure of settings.
    """

    label: str
    method: str
    changes: tuple[tuple[str, Any], ...] = ()
    line: str = ""
    point: float = 0.0


@dataclasses.dataclass(frozen=True)
class Table:
    """A table or figure of a paper.

    Attributes:
        title: What it is, with its source.
        rows: Its lines; the paper's own method comes last.
        lengths: Code lengths, in bits.
        picture: What is drawn: `map`, `precision_at`, `precision_recall`,
            `settings` or `time`.
    """

    title: str
    rows: tuple[Row, ...]
    lengths: tuple[int, ...]
    picture: str = "map"


def _rows(*names: str) -> tuple[Row, ...]:
    return tuple(Row(name, name) for name in names)


def _sensitivity() -> tuple[Row, ...]:
    """One weight of SSAH's Eqs. (3)-(4) at a time, times powers of ten."""
    default = config.PRESETS["default"]
    return tuple(
        Row(
            f"{name} x {factor:g}",
            "SSAH",
            ((field, factor * getattr(default, field)),),
            name,
            factor,
        )
        for name, field in (
            ("alpha", "feature_pair_weight"),
            ("gamma", "hash_pair_weight"),
            ("eta", "quantization_weight"),
            ("beta", "classification_weight"),
        )
        for factor in _FACTORS
    )


def _training_times() -> tuple[Row, ...]:
    """SSAH and DCMH, each trained for shorter and longer."""
    return tuple(
        Row(f"{method}, {count} rounds", method, ((field, count),), method)
        for method, field, counts in (
            ("DCMH", "epochs", (3, 10, 30, 60)),
            ("SSAH", "rounds", (1, 3, 10, 20)),
        )
        for count in counts
    )


_UGACH = _rows(
    *("CVH", "PDH", "CMFH", "CCQ", "CMSSH", "SCM_orth", "SCM_seq"),
    *("Baseline", "Baseline-GAN", "UGACH"),
)
_UCH = _rows(
    *("CVH", "STMH", "LSSH", "FSH", "CMFH", "CMSSH", "SCM_seq", "UCH"),
)
_SSAH = _rows("CVH", "STMH", "CMSSH", "SCM_seq", "SePH", "DCMH", "SSAH")
_FOUR = (16, 32, 64, 128)
_THREE = (16, 32, 64)

TABLES = {
    "ugach_1": Table("UGACH Table 1, MAP", _UGACH, _FOUR),
    "ugach_2": Table("UGACH Table 2, MAP", _UGACH, _FOUR),
    "ugach_figure_2": Table(
        "UGACH Figure 2, precision of the first N",
        _UGACH,
        (128,),
        "precision_at",
    ),
    "ugach_figure_3": Table(
        "UGACH Figure 3, precision and recall",
        _UGACH,
        (128,),
        "precision_recall",
    ),
    "uch_1": Table("UCH Table 1, MAP", _UCH, _THREE),
    "uch_2": Table("UCH Table 2, MAP", _rows("UGACH", "UCH"), _THREE),
    "uch_3": Table("UCH Table 3, MAP", _rows("UGACH", "UCH"), _THREE),
    "uch_figure_2": Table(
        "UCH Figure 2, precision and recall", _UCH, (64,), "precision_recall"
    ),
    "uch_figure_3": Table(
        "UCH Figure 3, precision of the first N", _UCH, (64,), "precision_at"
    ),
    "ssah_2": Table("SSAH Table 2, MAP", _SSAH, _THREE),
    "ssah_3": Table("SSAH Table 3, MAP", _SSAH, _THREE),
    # The paper does not say how long the codes are.
    "ssah_4": Table("SSAH Table 4, MAP", _rows("ACMR", "SSAH"), (64,)),
    "ssah_figure_2": Table(
        "SSAH Figure 2, sensitivity to weights",
        _sensitivity(),
        (16,),
        "settings",
    ),
    "ssah_figure_3": Table(
        "SSAH Figure 3, ablation",
        _rows("SSAH-1", "SSAH-2", "SSAH-3", "SSAH"),
        (16,),
        "precision_at",
    ),
    "ssah_figure_4": Table(
        "SSAH Figure 4, precision and recall", _SSAH, (16,), "precision_recall"
    ),
    "ssah_figure_5": Table(
        "SSAH Figure 5, MAP against training time",
        _training_times(),
        (16,),
        "time",
    ),
    "later": Table(
        "Unsupervised methods later than the papers, MAP",
        _rows("InfoNCE", "CIRH", "UCCH", "UGACH", "UCH"),
        _FOUR,
    ),
    "all": Table(
        "All methods, MAP",
        _rows(
            *("CVH", "PDH", "CMFH", "CCQ", "STMH", "LSSH", "FSH"),
            *("InfoNCE", "CIRH", "UCCH"),
            *("Baseline", "Baseline-GAN", "UGACH", "UCH"),
            *("CMSSH", "SCM_orth", "SCM_seq", "SePH", "DCMH", "ACMR", "SSAH"),
        ),
        _FOUR,
    ),
}
