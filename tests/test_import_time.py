"""What it costs to import a method, in processor time of new processes."""

import subprocess
import sys

import pytest

# Processor time and not wall time: other work on the machine does not count.
PROGRAM = """
import time
import tensorflow
start = time.process_time()
import {package}
model = {package}.{model}
print(time.process_time() - start)
"""
WITHOUT = """
import sys, time
start = time.process_time()
import {package}
print(time.process_time() - start)
assert "tensorflow" not in sys.modules
"""


def _least(program, tries=3):
    """Fewest seconds of some processes; stops at one that is good enough."""
    seconds = []
    for _ in range(tries):
        finished = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds.append(float(finished.stdout.split()[-1]))
        if seconds[-1] < 0.3:
            break
    return min(seconds)


@pytest.mark.parametrize(
    ("package", "model"), (("ugach", "UGACH"), ("uch", "UCH"), ("ssah", "SSAH"))
)
def test_a_method_takes_little_more_than_tensorflow_itself(package, model):
    names = {"package": package, "model": model}

    assert _least(PROGRAM.format(**names)) < 0.3
    # The package alone leaves TensorFlow for later.
    assert _least(WITHOUT.format(**names)) < 0.3
