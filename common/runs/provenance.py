"""Where figures come from: the code, its libraries and the machine.

A record names no user, host or folder. A file holds a list of them, one for
each code or machine that had a part in it, as `provenance`.
"""

import os
import platform
import sys
from importlib import metadata
from typing import Any

from common.hamming import kernel
from common.runs import devices
from common.system import code
from common.system import machine

# What stands in place of a record where none was kept.
NOTE = "made before code versions were recorded"

_PACKAGES = ("tensorflow", "keras", "numpy")


def record(xla: bool | None = None) -> dict[str, Any]:
    """What this process computes with.

    What TensorFlow alone knows is None where it is not loaded.

    Args:
        xla: Whether training steps are compiled by XLA; None where there are
            none.

    Returns:
        `code` (see `common.system.code.current`), `versions` of Python and
        packages, the name of the `processor`, the code path of the
        `scan` (see `common.hamming.kernel.path`), `threads` of BLAS, of
        TensorFlow inside and between operations and of the scan, `devices`
        (names of GPUs, or `CPU`), `xla`, and `precision`, the Keras policy.
    """
    return {
        "code": code.current(),
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in _PACKAGES},
        },
        "processor": machine.processor(),
        "scan": kernel.path(),
        "threads": _threads(),
        "devices": devices.names(),
        "xla": xla,
        "precision": _precision(),
    }


def before(versions: dict | None = None) -> dict[str, Any]:
    """What stands for a run of which no record was kept.

    Args:
        versions: Versions of packages, where the run tells those.
    """
    return {"note": NOTE} | ({"versions": versions} if versions else {})


def places(records: list[dict], known: list[dict]) -> list[int]:
    """Positions of records among those of a whole file.

    Args:
        records: What one of the file's runs was made by.
        known: The file's records; gets those that are new.
    """
    for one in records:
        if one not in known:
            known.append(one)
    return [known.index(one) for one in records]


def _version(package: str) -> str | None:
    # The package of a module may have another name, as tensorflow-cpu.
    loaded = getattr(sys.modules.get(package), "__version__", None)
    if loaded is not None:
        return loaded
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _threads() -> dict[str, int | None]:
    import threadpoolctl

    blas = [
        pool["num_threads"]
        for pool in threadpoolctl.threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return {
        "blas": max(blas, default=None),
        "intra_op": _tensorflow_threads("intra"),
        "inter_op": _tensorflow_threads("inter"),
        "scan": kernel.core_count(),
    }


def _tensorflow_threads(kind: str) -> int | None:
    """Threads inside (`intra`) or between (`inter`) operations."""
    tf = sys.modules.get("tensorflow")
    if tf is None:
        return None
    get = getattr(tf.config.threading, f"get_{kind}_op_parallelism_threads")
    asked = os.environ.get(f"TF_NUM_{kind.upper()}OP_THREADS", "")
    # Nothing, or 0, is a thread for each core.
    return (
        get() or (int(asked) if asked.isdecimal() else 0) or kernel.core_count()
    )


def _precision() -> str | None:
    keras = sys.modules.get("keras")
    return None if keras is None else keras.config.dtype_policy().name
