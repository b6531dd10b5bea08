"""Whether an index takes what is sooner, a scan or tables of substrings.

Rivals take turns as in `search_timings`; one thread each.
"""

import functools

import numpy as np

from common.hamming import codes
from common.hamming import multi_index
from common.hamming import scan
from experiments.benchmarks import search_timings

# Centres of clustered codes, and the share of bits in which a code differs
# from its centre.
_CENTRES, _FLIPPED = 1000, 0.08
KINDS = ("uniform", "clustered")
_RADII, _COUNTS = (0, 2, 4, 8, 12), (1, 10, 100)


def measure(items: int, queries: int, bits: int, kind: str, rounds: int):
    """What `hamming.HammingIndex(bits)` takes, for several searches.

    Args:
        items: Size of the database.
        queries: Queries of a search.
        bits: K.
        kind: One of `KINDS`.
        rounds: Turns of the scan and the tables.

    Returns:
        A dictionary for each search: `chosen` is `scan` or `tables`, and
        `to_best` is its time over the smaller one's of the two.
    """
    database, asked = _codes(items, queries, bits, kind)
    plan = multi_index.Plan(database, multi_index.cut(database))
    engines = {
        "scan": scan.Scan(database, 1),
        "tables": multi_index.MultiIndexHashing(database, threads=1, plan=plan),
    }
    searches = [("within", radius) for radius in _RADII]
    searches += [("nearest", count) for count in _COUNTS]
    found = []
    for search, size in searches:
        seconds = search_timings.compete(
            {
                name: functools.partial(getattr(one, search), asked, size)
                for name, one in engines.items()
            },
            rounds,
        )
        typical = {name: np.median(one) for name, one in seconds.items()}
        saves = getattr(plan, f"{search}_saves")(size)
        chosen = "tables" if saves > 0 else "scan"
        found.append(
            {
                "items": items,
                "bits": bits,
                "kind": kind,
                "search": search,
                "size": size,
                "chosen": chosen,
                "to_best": float(typical[chosen] / min(typical.values())),
                "to_other": float(
                    typical[chosen]
                    / typical["scan" if chosen == "tables" else "tables"]
                ),
            }
        )
    return found


def _codes(items, queries, bits, kind):
    if kind == "uniform":
        return (
            search_timings.random_codes(items, bits, 0),
            search_timings.random_codes(queries, bits, 1),
        )
    rng = np.random.default_rng(bits)
    centres = rng.random((_CENTRES, bits)) < 0.5
    return tuple(
        codes.PackedCodes.from_bits(
            centres[rng.integers(_CENTRES, size=count)]
            ^ (rng.random((count, bits)) < _FLIPPED)
        )
        for count in (items, queries)
    )
