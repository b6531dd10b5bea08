"""What the machine is made of: its processor, and GPUs that its driver knows.

Nothing here names the machine, its user or its folders.
"""

import pathlib
import platform
import re

from common.system import code

_CPU_INFO = pathlib.Path("/proc/cpuinfo")
_GPU_FOLDER = pathlib.Path("/proc/driver/nvidia/gpus")
_GPU_DEVICE = pathlib.Path("/dev/nvidia0")


def processor() -> str:
    """Name of the processor, such as `AMD EPYC 7B13`."""
    try:
        text = _CPU_INFO.read_text("utf-8", errors="replace")
    except OSError:
        # macOS has no such file.
        brand = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return (code.answer(brand) or "").strip() or _kind()
    found = re.search(r"^model name\s*:\s*(\S.*)$", text, re.MULTILINE)
    return found[1].strip() if found else _kind()


def nvidia_gpus() -> list[str]:
    """Names of the NVIDIA GPUs that are there, used or not."""
    named = []
    for path in sorted(_GPU_FOLDER.glob("*/information")):
        found = re.search(r"^Model:\s*(\S.*)$", _text(path), re.MULTILINE)
        named.append(found[1].strip() if found else "NVIDIA GPU")
    if named:
        return named
    # Where the driver runs outside, as below WSL, only its command tells.
    answer = code.answer(
        ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    )
    named = [line.strip() for line in (answer or "").splitlines() if line]
    if not named and _GPU_DEVICE.exists():
        return ["NVIDIA GPU"]
    return named


def _kind() -> str:
    return platform.processor() or platform.machine() or "unknown"


def _text(path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
