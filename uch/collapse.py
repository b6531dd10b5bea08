"""Signs that UCH's codes stop telling items apart, and when to stop for them.

Nothing in the paper's objective forbids three ways to please it: encoders that
shrink F, which costs less to reconstruct; constant Z or H, which are always
similar; and bits of one sign, because nothing centres H.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

# A bit whose mean, of -1 and 1, is beyond this has one value for 95% of items.
_ONE_SIDED = 0.9


class CollapseError(RuntimeError):
    """Training cannot recover; the message is one sentence for people."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What counts as a collapse; see `uch.config.Config` for the fields."""

    minimum_feature_scale: float
    minimum_spread: float
    maximum_one_sided_bits: float
    collapse_grace_epochs: int


def measure(
    features: np.ndarray, representations: np.ndarray, codes: np.ndarray
) -> dict[str, float]:
    """Describes one modality's F, Z and H for a sample of items.

    Args:
        features: F, [n, d].
        representations: Z, [n, m].
        codes: H, [n, K].

    Returns:
        `feature_scale`: root mean square of F. `representation_spread` and
        `code_spread`: share of the root mean square that differs between
        items, in [0, 1]. `bit_spread`: mean over bits of the standard
        deviation of H, in [0, 1]. `one_sided_bits`: share of bits with one
        value for at least 95% of the items.
    """
    signs = np.where(codes >= 0, 1.0, -1.0)
    return {
        "feature_scale": _root_mean_square(features),
        "representation_spread": _spread(representations),
        "code_spread": _spread(codes),
        "bit_spread": float(np.std(codes, axis=0, dtype=np.float64).mean()),
        "one_sided_bits": float(
            np.mean(np.abs(signs.mean(axis=0)) >= _ONE_SIDED)
        ),
    }


def check(
    measured: Mapping[str, float], modality: str, epochs: int, limits: Limits
) -> None:
    """Refuses to go on with codes that have collapsed.

    Args:
        measured: Of `measure`.
        modality: `image` or `text`.
        epochs: Finished epochs.
        limits: What counts as a collapse.

    Raises:
        CollapseError: Says what collapsed, how far, and what to try.
    """
    if not all(np.isfinite(value) for value in measured.values()):
        raise CollapseError(
            f"Training diverged by epoch {epochs}: the {modality} networks "
            "give numbers that are not finite; lower image_learning_rate and "
            "text_learning_rate."
        )
    if epochs <= limits.collapse_grace_epochs:
        return
    found = _collapse(measured, modality, limits)
    if found:
        raise CollapseError(
            f"Training collapsed by epoch {epochs}: the {modality} {found}."
        )


def _collapse(measured, modality, limits) -> str:
    """The first collapse there is, in the order of the network, or ''."""
    if measured["feature_scale"] < limits.minimum_feature_scale:
        return (
            "features F have shrunk to a root mean square of "
            f"{measured['feature_scale']:.2g}; set fixed_targets, or lower "
            "weight_decay"
        )
    for name, what, weight in (
        ("representation", "representations Z", "outer_similarity_weight"),
        ("code", "codes H", "inner_similarity_weight"),
    ):
        if measured[f"{name}_spread"] < limits.minimum_spread:
            return (
                f"{what} are nearly the same for all items (spread "
                f"{measured[f'{name}_spread']:.2g}); set standardize, or "
                f"lower {weight}"
            )
    if measured["one_sided_bits"] > limits.maximum_one_sided_bits:
        return (
            f"codes have one value in {measured['one_sided_bits']:.0%} of "
            "their bits for nearly all items; set standardize"
        )
    return ""


def _root_mean_square(values) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def _spread(values) -> float:
    scale = _root_mean_square(values)
    if not scale:
        return 0.0
    deviation = np.std(values, axis=0, dtype=np.float64)
    return _root_mean_square(deviation) / scale
