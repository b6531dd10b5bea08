import hashlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from common.system import elf

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or sys.maxsize < 1 << 32,
    reason="shared libraries are 64-bit ELF on Linux only",
)


@pytest.fixture(scope="module")
def library():
    """A small shared library that every Linux Python has loaded."""
    for line in pathlib.Path("/proc/self/maps").read_text().splitlines():
        path = line.split(maxsplit=5)[-1]
        if path.endswith(".so") and "numpy/" in path:
            return pathlib.Path(path)
    pytest.skip("NumPy has no shared library here")


def _sealed(content):
    return content + elf.SEAL + hashlib.sha256(content).digest()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "library.so"


def test_libraries_of_others_pass(library):
    elf.check(library)


def test_a_sealed_library_passes_and_loads(library, path):
    path.write_bytes(_sealed(library.read_bytes()))

    elf.check(path)
    # In a process of its own: no other may have two of one module.
    load = f"import numpy, ctypes; ctypes.CDLL({str(path)!r})"
    subprocess.run([sys.executable, "-c", load], check=True)


def test_every_truncation_is_refused(library, path):
    content = library.read_bytes()
    lengths = np.linspace(0, len(content) - 1, 60).astype(int)

    for length in [*range(0, 66, 5), *lengths]:
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="headers|no shared library"):
            elf.check(path)


def test_every_changed_byte_of_a_sealed_library_is_found(library, path):
    content = _sealed(library.read_bytes())
    rng = np.random.default_rng(0)
    # The word that begins the seal is the only part without a guard.
    end = len(content) - 40
    places = [*range(64), *rng.integers(end, size=60), end + 8, end + 39]

    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        with pytest.raises(ValueError):
            elf.check(path)


@pytest.mark.parametrize(
    "content", (b"", b"#!/bin/sh\n", bytes(500), b"\x7fELF\x01" + bytes(500))
)
def test_other_files_are_refused(content, path):
    path.write_bytes(content)

    with pytest.raises(ValueError):
        elf.check(path)
