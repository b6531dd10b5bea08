import subprocess
import sys

import numpy as np
import pytest

from common.hamming import kernel
from tests import hamming_cases as cases


def test_setup_goes_on_without_a_compiler(tmp_path):
    build = subprocess.run(
        [
            sys.executable,
            "setup.py",
            "build_ext",
            f"--build-lib={tmp_path / 'lib'}",
            f"--build-temp={tmp_path / 'temp'}",
        ],
        env={"CC": "/nonexistent/cc", "PATH": ""},
        capture_output=True,
        text=True,
    )

    assert build.returncode == 0, build.stderr
    assert not list((tmp_path / "lib").rglob("_scan*.so"))


def test_results_come_in_the_order_of_the_items():
    expected = [item**2 for item in range(20)]

    for threads in (1, 3):
        found = kernel.each(lambda item: item**2, range(20), threads)
        np.testing.assert_array_equal(found, expected)


def test_threads_are_as_asked_or_as_many_as_have_enough_to_do():
    assert kernel.thread_count(5, pairs=1) == 5
    assert kernel.thread_count(0, pairs=1) == 1
    assert kernel.thread_count(None, pairs=1) == 1
    assert kernel.thread_count(None, pairs=1 << 40) == kernel.core_count()


def test_no_scan_is_given_codes_of_two_lengths():
    # Both are three bytes wide, so the scans could not tell.
    queries, database = cases.pack(cases.bits(2, 17)), cases.bits(3, 24)

    with pytest.raises(ValueError, match="received 24 and 17 bits"):
        kernel.pair(queries, cases.pack(database))
