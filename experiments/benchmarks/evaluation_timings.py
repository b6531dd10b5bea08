"""What `benchmark_search` measures of evaluations, as figures for JSON.

Rivals take turns as in `search_timings`.
"""

import dataclasses

import numpy as np

from common.metrics import evaluation
from common.metrics import histograms
from experiments.benchmarks import search_timings

# Queries of the sorting loop, whose time is extrapolated, and of its check.
_LOOPED, _CHECKED = 50, 4


def full_evaluation(
    name: str, queries: int, items: int, labels: int, bits: int, rounds: int
) -> dict:
    """All metrics in both directions against the loop that sorts every row.

    The loop runs for some of the queries, and its time is extrapolated. Beside
    it what two threads gain, in seconds of the clock.
    """
    import threadpoolctl

    case = _random_case(queries, items, labels, bits)
    few = _first_queries(case, min(_LOOPED, queries))
    with threadpoolctl.threadpool_limits(1):
        seconds = search_timings.compete(
            {
                "ours": lambda: _fresh(case).metrics(),
                "counts": lambda: _fresh(case).counts,
                "stable": lambda: _map_by_sorting(few, "stable"),
                "default": lambda: _map_by_sorting(few, "quicksort"),
            },
            rounds,
        )
    both = dataclasses.replace(case, threads=2)
    elapsed = search_timings.compete(
        {
            "one": lambda: _fresh(case).metrics(),
            "two": lambda: _fresh(both).metrics(),
        },
        rounds,
        threads=2,
    )
    _check(_first_queries(few, min(_CHECKED, len(few.query_labels))))
    scale = queries / len(few.query_labels)
    return {
        "size": name,
        "queries": queries,
        "items": items,
        "bits": bits,
        "seconds": float(np.median(seconds["ours"])),
        "two_threads_ratio": search_timings.median_ratio(
            elapsed["one"], elapsed["two"]
        ),
        "loop_queries": len(few.query_labels),
        **{
            f"{prefix}{kind}_loop_ratio": search_timings.median_ratio(
                scale * np.array(seconds[kind]), seconds[rival]
            )
            for prefix, rival in (("", "ours"), ("counts_", "counts"))
            for kind in ("stable", "default")
        },
    }


def _random_case(queries, items, labels, bits) -> evaluation.Evaluation:
    """Uniform codes, two labels an item on average, one thread."""
    packed = [
        search_timings.random_codes(count, bits, seed)
        for seed, count in enumerate((queries, queries, items, items))
    ]
    rng = np.random.default_rng((bits, items))
    query_labels, item_labels = (
        rng.random((count, labels)) < 2 / labels for count in (queries, items)
    )
    return evaluation.Evaluation(*packed, query_labels, item_labels, 1)


def _first_queries(case, count) -> evaluation.Evaluation:
    rows = np.arange(count)
    return dataclasses.replace(
        case,
        query_image=case.query_image.take(rows),
        query_text=case.query_text.take(rows),
        query_labels=case.query_labels[rows],
    )


def _fresh(case: evaluation.Evaluation) -> evaluation.Evaluation:
    """The same without the counts that an evaluation keeps."""
    return dataclasses.replace(case)


def _map_by_sorting(case, kind) -> dict[str, float]:
    return {
        direction: sorting_loop(
            query.to_bits(),
            items.to_bits(),
            case.query_labels,
            case.database_labels,
            kind,
        )
        for direction, query, items in (
            ("i2t", case.query_image, case.database_text),
            ("t2i", case.query_text, case.database_image),
        )
    }


def _check(case: evaluation.Evaluation) -> None:
    """Fails where the loop and the evaluation find different MAPs.

    Sorting keeps the order of tied items, so relevant items that come first
    (last) in the database give the optimistic (pessimistic) value.
    """
    for row in range(len(case.query_labels)):
        relevant = case.database_labels @ case.query_labels[row]
        if not relevant.any():
            continue
        first = np.argsort(~relevant)
        for bound, order in (
            ("optimistic", first),
            ("pessimistic", first[::-1]),
        ):
            one = _reordered(case, row, order)
            found = one.metrics()
            for direction, looped in _map_by_sorting(one, "stable").items():
                np.testing.assert_allclose(
                    looped, found[direction][f"map_all_{bound}"], rtol=1e-12
                )


def _reordered(case, row, order) -> evaluation.Evaluation:
    """One query, and the database in another order."""
    return dataclasses.replace(
        case,
        query_image=case.query_image.take([row]),
        query_text=case.query_text.take([row]),
        database_image=case.database_image.take(order),
        database_text=case.database_text.take(order),
        query_labels=case.query_labels[[row]],
        database_labels=case.database_labels[order],
    )


def validation(rounds: int) -> dict:
    """MAP of a training run's validation: compiled scans against TensorFlow.

    As many codes as the embedded data has, in one direction and all threads.
    """
    from common.metrics import retrieval
    from experiments.benchmarks import tensor_precision

    rng = np.random.default_rng(3)
    packed = [
        search_timings.random_codes(count, 64, count) for count in (425, 3827)
    ]
    labels = [rng.random((len(side), 20)) < 0.1 for side in packed]

    def ours():
        counts = histograms.distance_histograms(*packed, *labels)
        return retrieval.expected_average_precision(
            counts.items, counts.relevant
        )

    def tensor():
        rows = (side.rows for side in packed)
        return tensor_precision.average_precision(*rows, *labels).numpy()

    np.testing.assert_allclose(ours(), tensor(), rtol=1e-12)
    seconds = search_timings.compete(
        {"ours": ours, "tensor": tensor}, rounds, threads=2
    )
    return {
        "queries": len(packed[0]),
        "items": len(packed[1]),
        "milliseconds": 1e3 * float(np.median(seconds["ours"])),
        "tensorflow_ratio": search_timings.median_ratio(
            seconds["tensor"], seconds["ours"]
        ),
    }


def sorting_loop(
    query_bits: np.ndarray,
    item_bits: np.ndarray,
    query_labels: np.ndarray,
    item_labels: np.ndarray,
    kind: str,
) -> float:
    """MAP as research code computes it: one product and one sort per query."""
    query_signs, item_signs = query_bits * 2.0 - 1, item_bits * 2.0 - 1
    query_labels, item_labels = query_labels * 1.0, item_labels * 1.0
    total, counted = 0.0, 0
    for signs, wanted in zip(query_signs, query_labels, strict=True):
        relevant = (np.dot(wanted, item_labels.T) > 0).astype(np.float32)
        number = int(relevant.sum())
        if number == 0:
            continue
        distances = 0.5 * (item_signs.shape[1] - np.dot(signs, item_signs.T))
        relevant = relevant[np.argsort(distances, kind=kind)]
        ranks = np.asarray(np.where(relevant == 1)) + 1.0
        total += np.mean(np.linspace(1, number, number) / ranks)
        counted += 1
    return total / counted
