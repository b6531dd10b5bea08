"""Which GPUs TensorFlow computes on, and why on none where one is there.

Nothing here imports TensorFlow: what a process has not loaded computes nothing.
"""

import ctypes
import os
import sys

from common.system import machine

_DRIVER = "libcuda.so.1"


def names() -> list[str]:
    """Names of the GPUs that this process computes on, or `CPU`."""
    tf = sys.modules.get("tensorflow")
    if tf is None:
        return ["CPU"]
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    return _gpus(tf)[:replicas] or ["CPU"]


def _gpus(tf) -> list[str]:
    """Names of all GPUs that TensorFlow may use; it starts none of them."""
    details = map(
        tf.config.experimental.get_device_details,
        tf.config.get_visible_devices("GPU"),
    )
    return [one.get("device_name", "GPU") for one in details]


def announce(title: str, directory: os.PathLike, shared: bool) -> None:
    """Prints the first line of a run, with the GPUs that it uses.

    A second line tells why it does not use one that is there. TensorFlow is
    loaded, but need not have settled on its devices.

    Args:
        title: What is trained.
        directory: The run's folder.
        shared: Whether replicas share the work, a GPU each.
    """
    used = _gpus(sys.modules["tensorflow"])
    if not shared:
        del used[1:]
    where = f" on {', '.join(used)}" if used else ""
    print(f"{title}{where}: writing to {directory}", flush=True)
    if not used and (reason := why_no_gpu()):
        print(reason, flush=True)


def why_no_gpu() -> str:
    """One sentence, where this machine has a GPU that TensorFlow does not see.

    Empty where there is nothing to say.
    """
    tf = sys.modules.get("tensorflow")
    there = machine.nvidia_gpus()
    if tf is None or not there or tf.config.list_physical_devices("GPU"):
        return ""
    return f"This machine's {there[0]} is not used: {_reason(tf)}."


def _reason(tf) -> str:
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and not hidden[:1].isalnum():
        return f"CUDA_VISIBLE_DEVICES={hidden!r} hides it"
    if not tf.test.is_built_with_cuda():
        return (
            "this TensorFlow is built without CUDA; install another with pip "
            "install 'tensorflow[and-cuda]'"
        )
    try:
        ctypes.CDLL(_DRIVER)
    except OSError:
        return f"the driver's library {_DRIVER} cannot be loaded"
    return (
        "TensorFlow cannot load its CUDA libraries; install them with pip "
        "install 'tensorflow[and-cuda]'"
    )
