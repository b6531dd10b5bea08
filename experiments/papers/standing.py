"""Where a method stands among those that learn from as much as it does."""

from collections.abc import Iterator

from experiments.papers import comparison

_Difference = tuple[float, float, float]


def rows(result: dict) -> Iterator[list[str]]:
    """What each of the papers' own methods is above, by code length.

    A method without labels is held against others without, one with labels
    against others with. It is above another where the 95 % interval of their
    difference in `map_all` is; where the interval holds 0, they tie.

    Args:
        result: What a paper's result file holds.

    Yields:
        The method, and a cell for each code length.
    """
    differences = _both_ways(result["comparisons"])
    compared = dict.fromkeys(one["variant"] for one in result["comparisons"])
    for own in filter(comparison.OWN.__contains__, compared):
        rivals = [
            name
            for name in result["methods"]
            if name != own and _kind(result, name) == _kind(result, own)
        ]
        found = [
            {
                name: differences[own, name, bits]
                for name in rivals
                if (own, name, bits) in differences
            }
            for bits in result["lengths"]
        ]
        if any(found):
            yield [own, *map(_cell, found)]


def _kind(result, method) -> bool:
    return method in result["supervised"]


def _both_ways(comparisons) -> dict[tuple[str, str, int], _Difference]:
    """The same, with each pair in the other order as well."""
    found = {}
    for one in comparisons:
        first, second, bits = one["variant"], one["other"], one["bits"]
        difference, low, high = (
            one[name] for name in ("difference", "low", "high")
        )
        found[first, second, bits] = difference, low, high
        found[second, first, bits] = -difference, -high, -low
    return found


def _cell(differences: dict[str, _Difference]) -> str:
    below = [
        f"{name} {difference:+.4f}{' (tie)' if high >= 0 else ''}"
        for name, (difference, low, high) in differences.items()
        if low <= 0
    ]
    if not differences:
        return ""
    return f"all but {', '.join(below)}" if below else "all"
