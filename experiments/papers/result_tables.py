"""Markdown tables of result files, a function for each kind of file."""

from collections.abc import Sequence

import numpy as np

from experiments.benchmarks.scale import drawing
from experiments.benchmarks.training import table as training_table
from experiments.papers import rendering
from experiments.papers import spreads

# The three papers' methods.
_OWN = ("UGACH", "UCH", "SSAH")


def ablation(result: dict) -> str:
    """Mean and spread over seeds, one line per variant and code length.

    A second table has the differences from the whole method.
    """
    parts = [_table(result, {})]
    if result.get("comparisons"):
        parts.append("\n".join(rendering.comparisons(result)))
    return "\n\n".join(parts)


def joined(results: Sequence[dict]) -> dict:
    """Results on one data set as one, for `overview`.

    Args:
        results: What files hold; a later one's runs stand in place of those of
            the same methods at the same code lengths before it. What learns
            from labels comes last.

    Raises:
        ValueError: They are of several data sets.
    """
    names = {result["dataset"] for result in results}
    if len(names) > 1:
        raise ValueError(
            f"Only results on one data set can be joined; received "
            f"{', '.join(sorted(names))}."
        )
    runs = []
    for result in results:
        newer = {(run["variant"], run["bits"]) for run in result["runs"]}
        runs = [
            run for run in runs if (run["variant"], run["bits"]) not in newer
        ]
        runs += result["runs"]
    methods = dict.fromkeys(name for one in results for name in one["methods"])
    supervised = {name for one in results for name in one["supervised"]}
    return {
        "dataset": names.pop(),
        "methods": sorted(methods, key=lambda name: name in supervised),
        "supervised": sorted(supervised),
        "runs": runs,
    }


def overview(results: Sequence[dict], bits: int) -> str:
    """`map_all` of every method at one code length, a column per data set.

    Mean of both directions and of seeds, ± standard deviation over seeds.

    Args:
        results: Of all methods, a result file for each data set.
        bits: K, the code length.
    """
    names = [result["dataset"] for result in results]
    lines = [
        f"| `map_all`, {bits} bits | learns from | {' | '.join(names)} |",
        f"|{'---|' * (2 + len(names))}",
    ]
    for method in results[0]["methods"]:
        supervised = method in results[0]["supervised"]
        cells = [
            _both(spreads.of(result["runs"], method, bits))
            if method in result["methods"]
            else "not run"
            for result in results
        ]
        kind = "pairs and labels" if supervised else "pairs"
        name = f"**{method}**" if method in _OWN else method
        lines.append(f"| {name} | {kind} | {' | '.join(cells)} |")
    chance = [
        spreads.mean(_mean_of_directions(result["runs"], "chance"))
        for result in results
    ]
    lines.append(f"| chance | | {' | '.join(chance)} |")
    return "\n".join(lines)


def _both(runs) -> str:
    scored = spreads.finished(runs)
    return (
        spreads.text(_mean_of_directions(scored, "map_all"))
        if scored
        else "failed"
    )


def _mean_of_directions(runs, metric) -> np.ndarray:
    scored = spreads.finished(runs)
    return np.mean(
        [spreads.column(scored, d, metric) for d in spreads.DIRECTIONS], axis=0
    )


def baselines(result: dict) -> str:
    """The same for compared methods, with what a fit takes."""
    return _table(
        result,
        {
            "CPU seconds": lambda runs: spreads.median(runs, "cpu_seconds"),
            "peak MB": lambda runs: spreads.most(runs, "peak_memory_mb"),
            "training pairs": lambda runs: spreads.most(runs, "training_pairs"),
        },
    )


def beam(result: dict) -> str:
    """Seconds of one run of `benchmark_beam`, in brackets those of two rows."""
    found = {
        (one["kind"], one["threads"], one["how"]): one
        for one in result["figures"]
    }
    lines = [
        "| | threads | plain loop | Beam, 1 worker | Beam, 2 workers |",
        "|---|---|---|---|---|",
    ]
    for kind, threads in dict.fromkeys(key[:2] for key in found):
        cells = []
        for how in ("plain", "beam_1", "beam_2"):
            one = found[kind, threads, how]
            start = "" if how == "plain" else f" ({one['start_seconds']:.1f})"
            cells.append(f"{one['seconds']:.1f}{start}")
        lines.append(f"| {kind} | {threads or 'all'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def search(result: dict) -> str:
    """Times and ratios of one run of `benchmark_search`."""
    rows = _scans(result["paths"])
    rows += [
        "",
        "| all metrics, 1 thread | bits | time | 2 threads are faster | MAP "
        "by sorting every row takes | that against MAP alone |",
        "|---|---|---|---|---|---|",
    ]
    for found in result["evaluation"]:
        rows.append(
            f"| {found['queries']:,} x {found['items']:,} | {found['bits']} "
            f"| {found['seconds']:.2f} s | {found['two_threads_ratio']:.1f} x "
            f"| {found['stable_loop_ratio']:.0f} x "
            f"| {found['counts_stable_loop_ratio']:.0f} x |"
        )
    rows += [
        "",
        "| all within a radius, multi-index hashing | radius | a query "
        "| the scan takes |",
        "|---|---|---|---|",
    ]
    for found in result["radius"]:
        rows.append(
            f"| {found['items']:,} codes of 64 bits | {found['radius']} "
            f"| {found['microseconds_per_query']:.0f} µs "
            f"| {found['ratio']:.1f} x |"
        )
    return "\n".join([*rows, "", *_choices(result["choices"])])


def _choices(found: list[dict]) -> list[str]:
    """How much longer than the better of two what an index takes is."""
    rows = [
        "| what an index takes by itself | codes | search | takes | time to "
        "the better one's |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        what = "radius" if one["search"] == "within" else "nearest"
        rows.append(
            f"| {one['items']:,} of {one['bits']} bits | {one['kind']} "
            f"| {what} {one['size']} | {one['chosen']} "
            f"| {one['to_best']:.2f} x |"
        )
    return rows


def _scans(paths: list[dict]) -> list[str]:
    """FAISS's time over that of each code path."""
    rows = [
        "| path | codes | threads | top 100 of a query | share of the bit "
        "count's speed | FAISS takes, nearest 1 | 100 | 1,000 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for path in paths:
        found = {}
        for row in path["rows"]:
            key = row["items"], row["bits"], row["threads"]
            found.setdefault(key, {})[row["count"]] = row
        for (items, bits, threads), counts in found.items():
            middle = counts[100]
            ratios = [
                f"{counts[count]['faiss_ratio']:.1f} x"
                if counts.get(count, {}).get("faiss_ratio")
                else ""
                for count in (1, 100, 1000)
            ]
            rows.append(
                f"| {path['path']} | {items:,} of {bits} bits | {threads} "
                f"| {middle['ns_per_pair'] * items / 1e6:.2f} ms "
                f"| {middle['share_of_floor']:.0%} | {' | '.join(ratios)} |"
            )
    return rows


def service(result: dict) -> str:
    """Times of `benchmarks.service`, its soak and its kills."""
    soak, kills = result["soak"], result["kills"]
    rows = _throughput(result["timings"], "codes")
    if "milvus" in result:
        rows += ["", *_throughput(result["milvus"], "codes on a Milvus server")]
    early, late = soak["memory_mb_second_quarter"], soak["memory_mb_end"]
    return "\n".join(
        [
            *rows,
            "",
            f"Of {soak['requests']:,} requests of {soak['clients']} clients, "
            f"{soak['add']} additions and {soak['remove']} removals among "
            "them, every answer was right; memory was "
            f"{early:.0f} MB in the second quarter and {late:.0f} MB at the "
            f"end. After each of {kills['kills']} kills while four clients "
            f"wrote, all {kills['kept']} items were there whose addition was "
            f"acknowledged, and none of the {kills['removed']} removed.",
        ]
    )


def _throughput(timings, where) -> list[str]:
    rows = [
        f"| text queries over {timings['codes']:,} {where} | a second "
        "| to one client's | median | queries a scan |",
        "|---|---|---|---|---|",
    ]
    for found in timings["throughput"]:
        count = found["clients"]
        rows.append(
            f"| {count} client{'s' if count > 1 else ''} "
            f"| {found['per_second']:.0f} "
            f"| {found['to_one_client']:.1f} x | {found['median_ms']:.1f} ms "
            f"| {found['queries_a_batch']:.1f} |"
        )
    return [
        *rows,
        "",
        "Of the queries before these, one after the other, the median took "
        f"{timings['median_ms']:.1f} ms and 99 % at most "
        f"{timings['p99_ms']:.1f} ms.",
    ]


def _table(result, more) -> str:
    """The table of a result, with more columns, a function of runs each."""
    lines = [
        "| | bits | map_all i2t | map_all t2i | mean of both | map_at_50 i2t "
        "| map_at_50 t2i | seeds | seconds |"
        + "".join(f" {name} |" for name in more),
        f"|{'---|' * (9 + len(more))}",
    ]
    rows = dict.fromkeys((r["variant"], r["bits"]) for r in result["runs"])
    for variant, bits in sorted(rows, key=lambda row: row[1]):
        runs = spreads.of(result["runs"], variant, bits)
        failed = [run for run in runs if "failure" in run]
        cells = (
            [
                f"failed with {len(failed)} of {len(runs)} seeds",
                *[""] * (6 + len(more)),
            ]
            if failed
            else [*_cells(runs), *(column(runs) for column in more.values())]
        )
        lines.append(f"| {variant} | {bits} | {' | '.join(cells)} |")
    chance = [line + " |" * len(more) for line in _chance(result["runs"])]
    return "\n".join([*lines, *chance])


def _cells(runs) -> list[str]:
    both = np.mean(
        [spreads.column(runs, d, "map_all") for d in spreads.DIRECTIONS], axis=0
    )
    return [
        *(
            spreads.text(spreads.column(runs, d, "map_all"))
            for d in spreads.DIRECTIONS
        ),
        spreads.text(both),
        *(
            spreads.text(spreads.column(runs, d, "map_at_50"))
            for d in spreads.DIRECTIONS
        ),
        str(len(runs)),
        spreads.median(runs, "train_seconds"),
    ]


def _chance(runs) -> list[str]:
    scored = spreads.finished(runs)
    if not scored:
        return []
    i2t, t2i = (spreads.column(scored, d, "chance") for d in spreads.DIRECTIONS)
    cells = map(spreads.mean, (i2t, t2i, (i2t + t2i) / 2))
    return [f"| chance | | {' | '.join(cells)} | | | | |"]


# What makes the table of a result file, by the file's `kind`.
MAKERS = {
    "ablation": ablation,
    "baselines": baselines,
    "beam": beam,
    "paper": rendering.markdown,
    "scale": drawing.markdown,
    "search": search,
    "service": service,
    "training": training_table.table,
}
