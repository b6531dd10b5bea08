"""Runs parts as children and keeps what each took, so that a kill costs one."""

import os
import pathlib
import subprocess
import time

from common.runs import provenance
from common.system import files
from experiments.benchmarks.scale import parts as parts_lib

# Words of a part's last lines that are kept, with the number after them.
_SAID = ("recall", "product_share", "product_flops", "copy_bytes_per_second")


def measured(part: parts_lib.Part, folder: pathlib.Path) -> dict:
    """What a part took; runs it unless that was done before.

    Args:
        part: The part.
        folder: Where all lies; records are in its `parts`.

    Returns:
        `made_by`, see `common.runs.provenance.record`; `seconds`,
        `cpu_seconds`, `peak_bytes` of the child (no less than what
        this process has, from which Linux counts), `disk_bytes` that
        it left, `resumed` (whether it went on with a run that was cut off, so
        that its seconds are the rest only), and what it said last, such as its
        `recall`, or its `product_share` of the machine's matrix products.

    Raises:
        ValueError: The child failed.
    """
    name = part.name.replace(" ", "_")
    record = folder / "parts" / f"{name}.json"
    if record.is_file():
        return files.read_object(record)
    arguments = part.arguments()
    before = _disk(folder)
    log = folder / "parts" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with log.open("wb") as output:
        child = subprocess.Popen(
            arguments, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _, status, used = os.wait4(child.pid, 0)
        except BaseException:
            child.terminate()
            child.wait()
            raise
    child.returncode = os.waitstatus_to_exitcode(status)
    # An inspection that finds something odd with made-up data has done its
    # work, too.
    if child.returncode not in (0, 2):
        raise ValueError(
            f"{part.name} ended with status {child.returncode}; see {log}."
        )
    found = {
        "name": part.name,
        "made_by": provenance.record(),
        "seconds": time.monotonic() - start,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
        "disk_bytes": _disk(folder) - before,
        "resumed": "--resume" in arguments,
    }
    said = log.read_text("utf-8", errors="replace").splitlines()[-2:]
    for word, *numbers in filter(None, map(str.split, said)):
        if word in _SAID:
            found[word] = float(numbers[0])
    files.write_json(record, found)
    return found


def _disk(folder: pathlib.Path) -> int:
    """Bytes of all files below, those with two names counted once."""
    sizes = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            stat = path.stat()
            sizes[stat.st_dev, stat.st_ino] = stat.st_size
    return sum(sizes.values())
