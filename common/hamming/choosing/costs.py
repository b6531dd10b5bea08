"""What searches cost on this machine, and on these codes.

Axis legend: `n` items, `K` bits, `m` substrings.
"""

import dataclasses
import time

import numpy as np

from common.hamming import codes
from common.hamming import scan

# Codes that stand for all of them, and those they are compared with.
_SAMPLE = 64
_ITEMS = 8192
# Codes and queries of the scan that is timed, and fetches that are.
_SCANNED = 1 << 16
_QUERIES = 16
_FETCHES = 1 << 15
# What a value or a candidate takes, against a code that NumPy takes from a
# random place: 1.1 to 1.3 at radii 6 and 8 of 1,000,000 uniform codes.
_FETCH_FACTOR = 1.2
_ROUNDS = 3


@dataclasses.dataclass(frozen=True)
class Costs:
    """Seconds of one thread.

    Attributes:
        scan: The linear scan of all n codes for one query.
        fetch: Looking at one value of a table, or at one candidate.
    """

    scan: float
    fetch: float


def measure(packed: codes.PackedCodes) -> Costs:
    """Times a part of a scan and of random reads, some milliseconds of work.

    Args:
        packed: n codes.
    """
    part = codes.PackedCodes(packed.rows[:_SCANNED], packed.bits)
    queries = sample(packed, _QUERIES)
    linear = scan.Scan(part, 1)
    places = np.random.default_rng(0).integers(len(packed), size=_FETCHES)
    scanned = _fastest(lambda: linear.within(queries, 0))
    fetched = _fastest(lambda: packed.rows[places])
    each = scanned / (len(queries) * len(part))
    return Costs(each * len(packed), _FETCH_FACTOR * fetched / _FETCHES)


def sample(packed: codes.PackedCodes, count: int) -> codes.PackedCodes:
    """Some of the codes, evenly apart."""
    return packed.take(_places(len(packed), count))


def _places(items: int, count: int) -> np.ndarray:
    count = min(count, items)
    return np.arange(count) * items // count


def fetches(packed: codes.PackedCodes, edges: np.ndarray) -> np.ndarray:
    """Values and candidates that a query of these codes' kind meets.

    Step t of a search looks at substring t mod m, at t // m differing bits; a
    search of radius r takes the steps 0 to r.

    Args:
        packed: n codes, at least 1; some of them stand for queries and others
            for items, so that clusters among them are seen.
        edges: [m + 1] first bit of each substring.

    Returns:
        [bits + 1] float64: the mean number within each radius.
    """
    places = [_places(len(packed), count) for count in (_SAMPLE, _ITEMS)]
    # A code that meets itself tells nothing of others.
    others = places[0][:, None] != places[1]
    asked, held = (_bits(packed.rows[chosen]) for chosen in places)
    substrings = len(edges) - 1
    steps = np.zeros(int(edges[-1]) + 1)
    for i, (start, stop) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        length = int(stop - start)
        left, right = asked[:, start:stop], held[:, start:stop]
        apart = left.sum(axis=1)[:, None] + right.sum(axis=1)
        apart -= 2 * left @ right.T
        counts = np.bincount(apart[others].astype(int), minlength=length + 1)
        values = 1.0
        for flips, share in enumerate(counts / max(1, others.sum())):
            step = flips * substrings + i
            if step < len(steps):
                steps[step] = values + share * len(packed)
            values = values * (length - flips) / (flips + 1)
    return np.cumsum(steps)


def _bits(rows: np.ndarray) -> np.ndarray:
    """Bits in the order in which tables cut them, [n, bits] float32."""
    rows = np.ascontiguousarray(rows)
    return np.unpackbits(rows, axis=1, bitorder="little").astype(np.float32)


def _fastest(function) -> float:
    seconds = []
    for _ in range(_ROUNDS):
        # Of this thread alone, whatever else the machine does.
        start = time.thread_time()
        function()
        seconds.append(time.thread_time() - start)
    return max(min(seconds), 1e-9)
