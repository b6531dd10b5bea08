"""One evaluation of image and text codes, in both directions.

`i2t` asks with image codes for texts, `t2i` with text codes for images. Every
item has one code per modality. All numbers come from one pass per direction
over the database; see `common.metrics.retrieval` for definitions.
"""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from common.hamming import codes
from common.hamming import distances
from common.hamming import kernel
from common.metrics import diagnostics
from common.metrics import histograms
from common.metrics import retrieval

PRECISION_RANKS = (1, 10, 50, 100, 500, 1000)
CURVE_RANKS = 1000
# A MAP less than this above chance means that nothing was learned.
CHANCE_MARGIN = 0.01
# Counts scored at once, few enough for a core's cache.
_BLOCK_COUNTS = 1 << 15


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """Codes and labels to evaluate; the counts are made once, on first use.

    Attributes:
        query_image: q codes of K bits, of the queries' images.
        query_text: q codes of K bits, of the queries' texts.
        database_image: n codes of K bits, of the database's images.
        database_text: n codes of K bits, of the database's texts.
        query_labels: [q, c] multi-hot zeros and ones.
        database_labels: [n, c] multi-hot zeros and ones.
        threads: Number of threads; one per available core by default.

    Raises:
        ValueError: If labels are missing or lengths do not fit.
    """

    query_image: codes.PackedCodes
    query_text: codes.PackedCodes
    database_image: codes.PackedCodes
    database_text: codes.PackedCodes
    query_labels: np.ndarray
    database_labels: np.ndarray
    threads: int | None = None

    def __post_init__(self):
        """Refuses missing labels and codes that do not pair up."""
        for name in ("query_labels", "database_labels"):
            if getattr(self, name) is None:
                raise ValueError(
                    "An evaluation needs labels to tell which items are "
                    f"relevant, received None as {name}."
                )
        for image, text in (
            (self.query_image, self.query_text),
            (self.database_image, self.database_text),
        ):
            if len(image) != len(text) or not len(image):
                raise ValueError(
                    "Queries and database are pairs of an image and a text, "
                    f"received {len(image)} image and {len(text)} text codes."
                )
            if image.bits != text.bits:
                raise ValueError(
                    "Images and texts have codes of one length, received "
                    f"{image.bits} and {text.bits} bits."
                )
        distances.check_same_length(
            self.database_image.bits, self.query_image.bits
        )

    @functools.cached_property
    def counts(self) -> dict[str, histograms.DistanceHistograms]:
        """Counts per distance of `i2t` and `t2i`."""
        return {
            direction: histograms.distance_histograms(
                queries,
                database,
                self.query_labels,
                self.database_labels,
                self.threads,
            )
            for direction, queries, database in (
                ("i2t", self.query_image, self.database_text),
                ("t2i", self.query_text, self.database_image),
            )
        }

    def metrics(self) -> dict:
        """All numbers of the evaluation.

        Returns:
            A dict that JSON can hold: `bits`; `i2t` and `t2i` with means over
            the queries that have a relevant item (None if there is none); and
            `codes` with the state of the database's bits per modality.
            `map_all` is the mean over tie orders, and `map_at_50` too, divided
            by min(R, 50).
        """
        tasks = {
            direction: functools.partial(
                direction_metrics, counts.items, counts.relevant
            )
            for direction, counts in self.counts.items()
        }
        tasks["image"] = functools.partial(
            _code_statistics, self.database_image
        )
        tasks["text"] = functools.partial(_code_statistics, self.database_text)
        # Sums over sorted codes and counts, which threads take side by side.
        pairs = len(self.query_image) * len(self.database_image)
        threads = kernel.thread_count(self.threads, pairs)
        found = kernel.each(lambda name: tasks[name](), tasks, threads)
        found = dict(zip(tasks, found, strict=True))
        return {
            "bits": int(self.query_image.bits),
            **{direction: found[direction] for direction in self.counts},
            "codes": {name: found[name] for name in ("image", "text")},
        }

    def curves(self) -> dict:
        """The curves of the evaluation, for figures.

        Returns:
            For `i2t` and `t2i` a dict of float64 arrays: `micro_precision`,
            `micro_recall`, `macro_precision` and `macro_recall` [K + 1] over
            radius 0..K, and `precision_at` [1000] over N = 1..1000. NaN where
            undefined.
        """
        return {
            direction: _direction_curves(counts.items, counts.relevant)
            for direction, counts in self.counts.items()
        }

    def average_precision(self) -> dict[str, np.ndarray]:
        """`map_all` query by query: [q] float64 of `i2t` and `t2i`.

        NaN for a query without a relevant item.
        """
        return {
            direction: retrieval.expected_average_precision(
                counts.items, counts.relevant
            )
            for direction, counts in self.counts.items()
        }


def mean_over_queries(values: np.ndarray) -> float | None:
    """Mean of a metric over the queries that have it.

    Args:
        values: [q], NaN for a query without a relevant item.

    Returns:
        None, not NaN, where no query has it, for JSON.
    """
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None


def code_statistics(
    database_image: codes.PackedCodes, database_text: codes.PackedCodes
) -> dict:
    """The state of a database's bits per modality; needs no labels."""
    return {
        "image": _code_statistics(database_image),
        "text": _code_statistics(database_text),
    }


def collapse_warnings(metrics: dict) -> list[str]:
    """Signs that training failed, in plain sentences.

    Args:
        metrics: What `Evaluation.metrics` returned, or without labels its
            `bits` and `codes` alone.

    Returns:
        One sentence per direction whose MAP is not at least 0.01 above chance,
        and per modality with constant bits; empty if all is well.
    """
    warnings = []
    for direction in ("i2t", "t2i"):
        if direction not in metrics:
            continue
        found = metrics[direction]
        reached, chance = found["map_all"], found["chance"]
        if reached is not None and reached - chance < CHANCE_MARGIN:
            warnings.append(
                f"{direction}: MAP {reached:.4f} is not {CHANCE_MARGIN} above "
                f"the {chance:.4f} of constant codes; nothing was learned."
            )
    for modality, statistics in metrics["codes"].items():
        constant = statistics["constant_bits"]
        if constant:
            positions = ", ".join(str(bit) for bit in constant)
            warnings.append(
                f"{modality}: {len(constant)} of {metrics['bits']} bits are "
                f"the same in all codes (bit {positions})."
            )
    return warnings


def direction_metrics(items: np.ndarray, relevant: np.ndarray) -> dict:
    """All numbers of one direction, from its counts per distance.

    Args:
        items: Items at each distance, [q, K + 1].
        relevant: Relevant items there, [q, K + 1].

    Returns:
        Means over the queries that have a relevant item, None if there is
        none; `queries`, and how many of them have none.
    """
    parts = [
        _query_metrics(items[start:stop], relevant[start:stop])
        for start, stop in _blocks(*items.shape)
    ]
    means = {
        name: mean_over_queries(np.concatenate([part[name] for part in parts]))
        for name in parts[0]
    }
    at_ranks = {str(rank): means.pop(f"at_{rank}") for rank in PRECISION_RANKS}
    return {
        **means,
        "precision_at": at_ranks,
        "queries": len(items),
        "queries_without_relevant": int(np.sum(relevant.sum(axis=1) == 0)),
    }


def _blocks(queries: int, distances: int) -> list[tuple[int, int]]:
    block = max(1, _BLOCK_COUNTS // distances)
    starts = range(0, queries, block)
    return [(start, min(start + block, queries)) for start in starts]


def _query_metrics(items: np.ndarray, relevant: np.ndarray) -> dict:
    """Values [q] of every metric."""
    in_reach = retrieval.precision_within_radius(items, relevant, radius=2)
    # Distances at which there is nothing only take time.
    used = items.any(axis=0)
    counts = items[:, used], relevant[:, used]
    at_ranks = retrieval.expected_precision_at(*counts, PRECISION_RANKS)
    return {
        "map_all": retrieval.expected_average_precision(*counts),
        "map_all_optimistic": retrieval.optimistic_average_precision(*counts),
        "map_all_pessimistic": retrieval.pessimistic_average_precision(*counts),
        "map_at_50": retrieval.expected_average_precision(*counts, 50),
        "chance": retrieval.chance_level(*counts),
        "base_rate": retrieval.base_rate(*counts),
        "precision_within_radius_2": in_reach,
        **{
            f"at_{rank}": column
            for rank, column in zip(PRECISION_RANKS, at_ranks.T, strict=True)
        },
    }


def _direction_curves(items: np.ndarray, relevant: np.ndarray) -> dict:
    ranks = np.arange(1, CURVE_RANKS + 1)
    at_ranks = retrieval.expected_precision_at(items, relevant, ranks)
    kept = at_ranks[relevant.sum(axis=1) > 0]
    return {
        **retrieval.precision_recall_by_radius(items, relevant)._asdict(),
        "precision_at": (
            kept.mean(axis=0) if len(kept) else np.full(CURVE_RANKS, np.nan)
        ),
    }


def _code_statistics(packed: codes.PackedCodes) -> dict:
    balance = diagnostics.bit_balance(packed)
    return {
        "bit_balance": {
            "min": float(balance.min()),
            "max": float(balance.max()),
            "mean": float(balance.mean()),
        },
        "constant_bits": diagnostics.constant_bits(packed).tolist(),
        "distinct_codes": diagnostics.distinct_codes(packed),
    }


def all_directions(
    query: Mapping[str, codes.PackedCodes],
    database: Mapping[str, codes.PackedCodes],
    query_labels: np.ndarray,
    database_labels: np.ndarray,
    threads: int | None = None,
) -> dict[str, dict[str, float]]:
    """Scores each pair of modalities.

    Args:
        query: q codes of each modality, by name.
        database: n codes of each modality, by name.
        query_labels: [q, c] multi-hot zeros and ones.
        database_labels: [n, c] multi-hot zeros and ones.
        threads: Number of threads; one per available core by default.

    Returns:
        `map_all`, `map_at_50` and `chance` by direction; `l2i` asks with
        labels for images. Means over the queries that have a relevant item;
        None if there is none. For `i2i` and its like a query's own item
        counts only if the database holds it.
    """
    return {
        f"{asked[0]}2{found[0]}": _direction_scores(
            histograms.distance_histograms(
                query[asked],
                database[found],
                query_labels,
                database_labels,
                threads=threads,
            )
        )
        for asked in query
        for found in database
    }


def _direction_scores(counts: histograms.DistanceHistograms) -> dict:
    pair = counts.items, counts.relevant
    return {
        "map_all": mean_over_queries(
            retrieval.expected_average_precision(*pair)
        ),
        "map_at_50": mean_over_queries(
            retrieval.expected_average_precision(*pair, 50)
        ),
        "chance": mean_over_queries(retrieval.chance_level(*pair)),
    }
