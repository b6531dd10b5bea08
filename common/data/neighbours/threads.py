"""Blocks of work side by side, one for each core."""

import threading
from collections.abc import Callable
from collections.abc import Sequence
from concurrent import futures

import threadpoolctl

from common.hamming import kernel

# The limit of a library's threads is the whole process's; two at once would
# leave it where it should not be.
_ONE_AT_A_TIME = threading.Lock()


def each(
    function: Callable[[slice], None],
    blocks: Sequence[slice],
    progress: Callable[[int], None] | None = None,
) -> None:
    """Calls a function with blocks of rows, some of them at once.

    A product of matrices has one thread meanwhile, so that results do not
    depend on the number of cores.

    Args:
        function: What to do with a block; NumPy lets the others go on.
        blocks: In order, without gaps.
        progress: Called with the rows done so far, in order.
    """
    with (
        _ONE_AT_A_TIME,
        threadpoolctl.threadpool_limits(1, "blas"),
        futures.ThreadPoolExecutor(kernel.core_count()) as pool,
    ):
        running = [pool.submit(function, block) for block in blocks]
        try:
            for block, one in zip(blocks, running, strict=True):
                one.result()
                if progress:
                    progress(block.stop)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
