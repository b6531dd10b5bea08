import threading
import time

import pytest

from common.data.neighbours import threads
from common.hamming import kernel

BLOCKS = [slice(start, start + 3) for start in range(0, 30, 3)]


def test_blocks_are_done_side_by_side_and_told_in_order(monkeypatch):
    monkeypatch.setattr(kernel, "core_count", lambda: 2)
    met, told = threading.Barrier(2, timeout=20), []

    def both_at_once(block):
        met.wait()
        # Later blocks end first.
        time.sleep(0.001 * (30 - block.start))

    threads.each(both_at_once, BLOCKS, told.append)

    assert told == [block.stop for block in BLOCKS]


def test_after_an_error_no_further_block_begins(monkeypatch):
    monkeypatch.setattr(kernel, "core_count", lambda: 1)
    begun = []

    def fail(block):
        begun.append(block.start)
        if block.start == 6:
            raise MemoryError("no room")
        time.sleep(0.02)

    with pytest.raises(MemoryError, match="no room"):
        threads.each(fail, BLOCKS)

    # One more may begin before the error is seen.
    assert begun[:3] == [0, 3, 6]
    assert len(begun) < len(BLOCKS)
