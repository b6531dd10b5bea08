"""What is done with the data set, part by part."""

import dataclasses
import pathlib
import sys

from experiments.benchmarks.scale import imitation

METHODS = ("ugach", "uch", "ssah")
# Items whose split a protocol stores.
_STORED = 186_577
_BITS = 64


@dataclasses.dataclass(frozen=True)
class Part:
    """One command.

    Attributes:
        name: Its name in the table and of its record.
        command: What Python is given.
        run: Folder of the training that it makes, which may go on after a
            kill; None for other parts.
    """

    name: str
    command: tuple[str, ...]
    run: pathlib.Path | None = None

    def arguments(self) -> list[str]:
        """The command line, with `--resume` where a run has begun."""
        begun = self.run is not None and (self.run / "run.json").is_file()
        resume = ["--resume"] if begun else []
        return [sys.executable, "-m", *self.command, *resume]


def whole(folder: pathlib.Path, size: imitation.Size) -> list[Part]:
    """Everything from making the data to a search, in order.

    Args:
        folder: Where all of it lies.
        size: Of the data set.
    """
    data = folder / "data"
    trainings = [_training(folder, data, size, name) for name in METHODS]
    parts = [
        Part("data", _child(folder, size, "data")),
        Part("machine", _child(folder, size, "machine")),
        Part(
            "inspect",
            (
                "experiments.inspect_data",
                str(data / "tc10"),
                f"--output_dir={folder / 'inspected'}",
            ),
        ),
        Part("graph", _child(folder, size, "graph")),
        *trainings,
    ]
    run = f"--run={folder / 'ugach'}"
    parts.append(
        Part("export", ("experiments.export_model", run, "--format=tflite"))
    )
    for training in trainings:
        of_run = "experiments.evaluate", f"--run={training.run}"
        parts += [
            Part(
                f"encode {training.run.name}", (*of_run, "--source=saved_model")
            ),
            Part(f"evaluate {training.run.name}", of_run),
        ]
    words = "--text=tag0001 tag0030"
    parts.append(Part("search", ("experiments.search", run, words)))
    return parts


def graphs(
    folder: pathlib.Path, size: imitation.Size, most_exact: int
) -> list[Part]:
    """Graphs of more and more rows, by both builders.

    Args:
        folder: Where the data lies.
        size: Of the data set, the largest of the graphs.
        most_exact: Rows of the largest exact graph.
    """
    counts = [n for n in (10_000, 20_000, 50_000, 100_000) if n < size.items]
    return [
        Part(
            f"{builder} {count}",
            _child(folder, size, builder, f"--rows={count}"),
        )
        for count in (*counts, size.items)
        for builder in ("exact", "approximate")
        if builder != "exact" or count <= most_exact
    ]


def split_flags(size: imitation.Size, method: str) -> list[str]:
    """The papers' splits, or as large shares of a smaller data set.

    UGACH states its own; SSAH has DCMH's numbers of queries and training pairs;
    UCH has 2,000 queries of each data set and was not run on NUS-WIDE.
    """
    if method == "ugach" and size.items == _STORED:
        return ["--protocol=ugach_paper"]
    query = {
        "ugach": size.items // 100,
        "uch": min(2000, size.items // 10),
        "ssah": min(2100, size.items // 10),
    }[method]
    flags = ["--protocol=drawn", f"--num_query={query}"]
    if method == "ssah":
        flags.append(f"--num_train={min(10_500, size.items // 2)}")
    return flags


def _training(folder, data, size, method) -> Part:
    labels = "tc21" if method == "ssah" else "tc10"
    run = folder / method
    return Part(
        method,
        (
            f"experiments.train_{method}",
            f"--dataset={data / labels}",
            f"--output_dir={run}",
            f"--cache_dir={folder / 'cache'}",
            f"--bits={_BITS}",
            *split_flags(size, method),
        ),
        run,
    )


def _child(folder, size, work: str, *more: str) -> tuple[str, ...]:
    return (
        "experiments.benchmarks.scale",
        f"--folder={folder}",
        f"--items={size.items}",
        f"--image_dim={size.image_dim}",
        f"--tags={size.tags}",
        f"--seed={size.seed}",
        f"--only={work}",
        *more,
    )
