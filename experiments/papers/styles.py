"""How each method is drawn: the papers' own thick, those with labels dashed."""

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np

from experiments.papers import comparison

_COLOURS = ("tab:blue", "tab:green", "tab:red")
_MARKERS = "osv^D<>pP*Xd"


def of(
    methods: Sequence[str], supervised: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Matplotlib's settings of each method's line.

    Args:
        methods: All lines of a picture, in their order.
        supervised: Those that learn from labels.
    """
    own = dict(zip(comparison.OWN, _COLOURS, strict=True))
    others = [name for name in methods if name not in own]
    shades = matplotlib.colormaps["turbo"](np.linspace(0.02, 0.95, len(others)))
    styles = {
        name: {
            "color": colour,
            "marker": _MARKERS[place % len(_MARKERS)],
            "markersize": 4,
            "linewidth": 1,
            "alpha": 0.75,
        }
        for place, (name, colour) in enumerate(zip(others, shades, strict=True))
    }
    for name in set(methods) & set(own):
        styles[name] = {
            "color": own[name],
            "marker": "o",
            "markersize": 6,
            "linewidth": 3,
            "zorder": 3,
        }
    for name, style in styles.items():
        style["linestyle"] = "--" if name in supervised else "-"
    return styles
