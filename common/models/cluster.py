"""Which worker of a training on several machines this process is.

TensorFlow reads the variable TF_CONFIG, the same on all machines but for the
index:

    TF_CONFIG='{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]},
                "task": {"type": "worker", "index": 0}}'
"""

import dataclasses
import json
import os

STRATEGIES = ("none", "mirrored", "multi_worker")


class WorkerLostError(RuntimeError):
    """Another worker ended before the training did."""


@dataclasses.dataclass(frozen=True)
class Worker:
    """One of the processes that train a model together.

    Attributes:
        index: Its number, from 0.
        count: How many there are.
    """

    index: int = 0
    count: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether it evaluates and exports."""
        return self.index == 0


def this_worker(strategy: str) -> Worker:
    """The worker that TF_CONFIG makes of this process.

    Args:
        strategy: One of `STRATEGIES`; only `multi_worker` has several.

    Raises:
        ValueError: There is no TF_CONFIG, or it does not tell.
    """
    if strategy != "multi_worker":
        return Worker()
    text = os.environ.get("TF_CONFIG", "")
    try:
        given = json.loads(text)
        workers, task = given["cluster"]["worker"], given["task"]
        index = int(task["index"])
        fits = task["type"] == "worker" and 0 <= index < len(workers)
        fits = fits and set(given["cluster"]) == {"worker"}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(_explanation(text)) from error
    if not fits:
        raise ValueError(_explanation(text))
    return Worker(index, len(workers))


def _explanation(text: str) -> str:
    return (
        "--strategy=multi_worker needs TF_CONFIG='"
        '{"cluster": {"worker": ["HOST:PORT", ...]}, '
        '"task": {"type": "worker", "index": 0}}\' in the environment of each '
        f"worker; received {text!r}."
    )
