"""Questions of many threads, answered together.

While a batch is being answered the next one gathers, so a lone question waits
for nothing, and many wait for one scan instead of one each.
"""

import queue
import threading
from collections.abc import Callable
from collections.abc import Sequence
from concurrent import futures
from typing import Any


class BusyError(Exception):
    """Too many questions wait; ask again later."""


class Batcher:
    """A thread that answers questions in batches.

    Args:
        answer: Gives an answer to each of some questions, in order; an
            exception among them is raised to the one who asked.
        most: Most questions of a batch.
        waiting: Most questions that wait.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Any]], Sequence[Any]],
        most: int = 256,
        waiting: int = 4096,
    ):
        self._answer = answer
        self._most = most
        self._asked: queue.Queue = queue.Queue(waiting)
        self._thread = threading.Thread(
            target=self._run, name="queries", daemon=True
        )
        self._thread.start()

    def ask(self, question: Any) -> futures.Future:
        """Returns the future answer.

        Raises:
            BusyError: Too many wait.
        """
        future: futures.Future = futures.Future()
        try:
            self._asked.put_nowait((question, future))
        except queue.Full as error:
            raise BusyError(
                "Too many queries wait; ask again later."
            ) from error
        return future

    def close(self) -> None:
        """Ends the thread once what was asked before is answered."""
        self._asked.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._asked.get()) is not None:
            batch = [first]
            while len(batch) < self._most:
                try:
                    batch.append(self._asked.get_nowait())
                except queue.Empty:
                    break
            ends = None in batch
            self._finish([one for one in batch if one is not None])
            if ends:
                return

    def _finish(self, batch) -> None:
        # Whoever gave up is passed over.
        batch = [one for one in batch if one[1].set_running_or_notify_cancel()]
        questions = [question for question, _ in batch]
        try:
            answers = self._answer(questions) if questions else []
        except Exception as error:
            answers = [error] * len(questions)
        for (_, future), answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
