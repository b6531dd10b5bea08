"""What it costs to import a method, in processor time of new processes."""

import subprocess
import sys

# Processor time and not wall time: other work on the machine does not count.
BEYOND_TENSORFLOW = """
import time
import tensorflow
start = time.process_time()
import ugach
model = ugach.UGACH
print(time.process_time() - start)
"""
ALONE = """
import sys, time
start = time.process_time()
import ugach, uch, ssah
print(time.process_time() - start)
assert not {"tensorflow", "keras"} & set(sys.modules)
"""


def _least(program, enough, tries=3):
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
        if seconds[-1] < enough:
            break
    return min(seconds)


def test_a_method_takes_little_more_than_tensorflow_itself():
    assert _least(BEYOND_TENSORFLOW, 0.3) < 0.3


def test_packages_leave_tensorflow_for_later():
    assert _least(ALONE, 0.5) < 0.5
