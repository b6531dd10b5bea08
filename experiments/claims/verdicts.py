"""The papers' comparative claims, and what result files say of each."""

import dataclasses
from collections.abc import Iterable
from collections.abc import Iterator

HOLDS = "holds"
FAILS = "does not hold"
OPEN = "not established"
# Fewer seeds establish nothing.
LEAST_SEEDS = 5
_GAIN = "gains with code length"
_UNSUPERVISED = ("CVH", "PDH", "CMFH", "CCQ", "STMH", "LSSH", "FSH")
_SUPERVISED = ("CMSSH", "SCM_orth", "SCM_seq", "SePH", "DCMH")


@dataclasses.dataclass(frozen=True)
class Claim:
    """That one method retrieves better than another.

    Attributes:
        paper: Which paper says so.
        text: What it says, in a few words.
        better: Name of the better method in result files.
        worse: Name of the other.
    """

    paper: str
    text: str
    better: str
    worse: str


CLAIMS = (
    Claim("UGACH", "the graph helps", "UGACH", "Baseline-GAN"),
    Claim("UGACH", "the adversary helps", "Baseline-GAN", "Baseline"),
    Claim(
        "UGACH",
        "the adversary helps, at one margin",
        "Baseline-GAN",
        "Baseline-0.75K",
    ),
    *(
        Claim("UGACH", f"above {other}", "UGACH", other)
        for other in _UNSUPERVISED
    ),
    Claim("UCH", "above UGACH", "UCH", "UGACH"),
    *(Claim("UCH", f"above {other}", "UCH", other) for other in _UNSUPERVISED),
    *(
        Claim("UCH", f"the {part} helps", "UCH", f"UCH without {name}")
        for part, name in (
            ("adversarial loss", "adversaries"),
            ("outer cycle", "outer cycle"),
            ("inner cycle", "inner cycle"),
            ("coupling", "coupling"),
        )
    ),
    *(Claim("SSAH", f"above {other}", "SSAH", other) for other in _SUPERVISED),
    *(
        Claim("SSAH", f"{part} helps", "SSAH", name)
        for part, name in (
            ("LabNet", "SSAH-1"),
            ("the multi-scale text network", "SSAH-2"),
            ("the adversary", "SSAH-3"),
        )
    ),
)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What one result file says of one claim at one code length.

    Attributes:
        claim: The claim.
        dataset: Name of the data set.
        bits: Code length.
        difference: In `map_all`, mean of both directions.
        low: Lower end of its 95 % interval over queries and seeds.
        high: Upper end.
        seeds: Seeds of the method that has fewer.
    """

    claim: Claim
    dataset: str
    bits: int
    difference: float
    low: float
    high: float
    seeds: int

    @property
    def text(self) -> str:
        """`holds`, `does not hold` or `not established`."""
        if self.seeds < LEAST_SEEDS:
            return OPEN
        if self.low > 0:
            return HOLDS
        return FAILS if self.high < 0 else OPEN


def of_results(results: Iterable[dict]) -> list[Verdict]:
    """What the comparisons of result files say of the claims.

    Where several files speak of one claim, data set and length, that of the
    most seeds counts.

    Args:
        results: Contents of result files; those without comparisons are
            passed over.
    """
    best: dict[tuple, Verdict] = {}
    for result in results:
        for verdict in _of(result):
            key = verdict.claim, verdict.dataset, verdict.bits
            if key not in best or best[key].seeds < verdict.seeds:
                best[key] = verdict
    order = {claim: place for place, claim in enumerate(CLAIMS)}
    return sorted(
        best.values(), key=lambda one: (order[one.claim], one.dataset, one.bits)
    )


def _of(result: dict) -> Iterator[Verdict]:
    claims = {(claim.better, claim.worse): claim for claim in CLAIMS}
    for one in result.get("comparisons") or ():
        names = one["variant"], one["other"]
        ends = one["difference"], one["low"], one["high"]
        if names not in claims:
            names = names[::-1]
            ends = -ends[0], -ends[2], -ends[1]
        if names in claims:
            yield Verdict(
                claims[names],
                result["dataset"],
                one["bits"],
                *ends,
                # Older files do not tell, and left seeds out of the interval.
                one.get("seeds", 0),
            )


def table(found: Iterable[Verdict]) -> str:
    """Markdown: a line for each claim and data set, a column for a length."""
    found = list(found)
    lengths = sorted({one.bits for one in found})
    cells: dict[tuple, dict[int, Verdict]] = {}
    for one in found:
        cells.setdefault((one.claim, one.dataset), {})[one.bits] = one
    head = ["paper", "claim", "data set", *(f"{bits} bits" for bits in lengths)]
    lines = [head, ["---"] * len(head)]
    for (claim, dataset), by_bits in cells.items():
        verdict = [_cell(by_bits.get(bits)) for bits in lengths]
        lines.append([claim.paper, claim.text, dataset, *verdict])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(one: Verdict | None) -> str:
    if one is None:
        return ""
    return f"{one.text} {one.difference:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"
