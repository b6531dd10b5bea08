"""The table of all steps."""

_COLUMNS = (
    "ratio",
    "shapes_ratio",
    "torch_eager_ratio",
    "torch_compiled_ratio",
)


def table(result: dict) -> str:
    """Markdown: a step's time, and that against floors and PyTorch.

    Args:
        result: What `measuring.measure` returns.
    """
    lines = [
        "| method | setting | step | time | to the floor | to its products "
        "| PyTorch takes | compiled |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case in result["cases"]:
        for kind, step in case["steps"].items():
            cells = [
                "" if step[name] is None else f"{step[name]:.2f} x"
                for name in _COLUMNS
            ]
            lines.append(
                f"| {case['method'].upper()} | {case['setting']} | {kind} "
                f"| {1e3 * step['seconds']:.1f} ms | {' | '.join(cells)} |"
            )
    return "\n".join(lines)
