"""Sets searches and changes of one index against each other, in threads."""

import collections
import dataclasses
import time
from concurrent import futures

import numpy as np

from common import hamming

_BITS = 12
# States that a search may still have seen; seconds of changes.
_KEPT = 1_000
# A busy machine takes longer, not fewer of them.
_FEWEST_SEARCHES, _FEWEST_CHANGES = 10, 50
_QUERIES = np.random.default_rng(0).random((2, _BITS)) < 0.5

Ranking = list[list[int]]


@dataclasses.dataclass
class Found:
    """What searches answered while others changed the index.

    Attributes:
        searches: How many each thread made, of each kind (k and radius).
        changes: How often items were added or removed.
        wrong: Answers that no state of the index gives which it was in between
            the search's begin and end.
    """

    searches: list[int] = dataclasses.field(default_factory=list)
    changes: int = 0
    wrong: int = 0


class Changing:
    """An index, and what it may hold at every moment.

    State i + 1 is told before the change to it begins, so a search between two
    readings of `done` saw one of the states from the first to one after the
    second.

    Args:
        items: About how many it holds.
    """

    def __init__(self, items: int) -> None:
        self._items = items
        self.index = hamming.HammingIndex(_BITS)
        self.done = 0
        self._states = collections.OrderedDict({0: {}})

    def change(self, rng: np.random.Generator) -> None:
        """Adds or removes a few items."""
        now = dict(self._states[self.done])
        if len(now) > self._items or (now and rng.random() < 0.4):
            gone = rng.permutation(list(now))[
                : rng.integers(1, self._items // 7)
            ]
            for number in gone.tolist():
                del now[number]
            self._tell(now)
            self.index.remove(gone)
        else:
            ids = rng.integers(0, 8 * self._items, self._items // 10)
            ids = np.setdiff1d(ids, list(now))
            rng.shuffle(ids)
            # A few kinds of codes, so that ties decide.
            kinds = np.random.default_rng(1).random((9, _BITS)) < 0.5
            bits = kinds[rng.integers(9, size=len(ids))]
            self._tell(now | dict(zip(ids.tolist(), bits, strict=True)))
            self.index.add(hamming.PackedCodes.from_bits(bits), ids)
        self.done += 1

    def _tell(self, state: dict[int, np.ndarray]) -> None:
        self._states[self.done + 1] = state
        if len(self._states) > _KEPT:
            self._states.popitem(last=False)

    def rankings(self, first: int, last: int) -> list[list[Ranking]]:
        """The right ranking of each query, (distance, id), of each state."""
        states = [self._states.get(n) for n in range(first, last + 2)]
        return [_ranking(state) for state in states if state is not None]


def _ranking(items: dict[int, np.ndarray]) -> list[Ranking]:
    ids = np.array(list(items), np.int64)
    bits = np.array(list(items.values()), bool).reshape(-1, _BITS)
    distances = (_QUERIES[:, None] != bits[None]).sum(axis=2)
    orders = [np.lexsort((ids, one)) for one in distances]
    return [
        np.stack([one[order], ids[order]], axis=1).tolist()
        for one, order in zip(distances, orders, strict=True)
    ]


def run(seconds: float, seed: int, items: int = 3000) -> Found:
    """Searches with three threads what a fourth one changes.

    Args:
        seconds: How long.
        seed: Decides the changes and what is searched for.
        items: About how many the index holds; the default is enough for it to
            make its engine anew now and then.
    """
    changing, found = Changing(items), Found()
    end = time.monotonic() + seconds

    def change() -> None:
        rng = np.random.default_rng(seed)
        while time.monotonic() < end or changing.done <= _FEWEST_CHANGES:
            changing.change(rng)
            time.sleep(0.0005)

    def search(number: int) -> tuple[int, int]:
        rng = np.random.default_rng((seed, number))
        searches = wrong = 0
        while time.monotonic() < end or searches <= _FEWEST_SEARCHES:
            wrong += _wrong_answers(changing, rng)
            searches += 1
        return searches, wrong

    with futures.ThreadPoolExecutor(4) as pool:
        changes = pool.submit(change)
        for searches, wrong in pool.map(search, (1, 2, 3)):
            found.searches.append(searches)
            found.wrong += wrong
        changes.result()
    found.changes = changing.done
    return found


def _wrong_answers(changing: Changing, rng: np.random.Generator) -> int:
    """Of a search for the nearest and one within a radius, how many."""
    k, radius = int(rng.integers(1, 80)), int(rng.integers(_BITS + 1))
    packed = hamming.PackedCodes.from_bits(_QUERIES)
    first = changing.done
    near = np.stack(changing.index.search(packed, k), axis=2).tolist()
    between = changing.done
    limits, *hits = changing.index.search_radius(packed, radius)
    last = changing.done
    pairs = np.stack(hits, axis=1)
    within = [part.tolist() for part in np.split(pairs, limits[1:-1])]
    nearest = [
        [row[:k] for row in state]
        for state in changing.rankings(first, between)
    ]
    inside = [
        [[pair for pair in row if pair[0] <= radius] for row in state]
        for state in changing.rankings(between, last)
    ]
    return (near not in nearest) + (within not in inside)
