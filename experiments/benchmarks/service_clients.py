"""A service in a process of its own, and clients that ask it.

    python -m experiments.benchmarks.service_clients --run=DIR --codes=1000000

serves a run whose codes are joined by random ones; what these stand for are the
run's items, again and again.
"""

import contextlib
import http.client
import io
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from collections.abc import Iterator

import numpy as np
from absl import flags

from common.runs import runner

# Where codes are on a Milvus server; made anew.
_COLLECTION = "benchmark_service"
_ROOT = pathlib.Path(__file__).parents[2]
_MEMORY = re.compile(r"^process_resident_memory_bytes (\S+)$", re.MULTILINE)
_BATCHES = re.compile(r"^cmh_batch_queries_(sum|count) (\S+)$", re.MULTILINE)


class Client:
    """One connection to a service."""

    def __init__(self, address: tuple[str, int]):
        self._connection = http.client.HTTPConnection(*address, timeout=60)

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = ""
    ) -> tuple[int, bytes]:
        """Status and content of an answer."""
        headers = {"Content-Type": kind} if kind else {}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def search(self, **asked) -> dict:
        """What a search found."""
        body = json.dumps(asked).encode()
        status, content = self.ask("POST", "/search", body, "application/json")
        if status != 200:
            raise AssertionError(content.decode())
        return json.loads(content)

    def add(self, item: str, caption: str, picture: bytes) -> int:
        """Adds a picture; returns the status."""
        border = uuid.uuid4().hex
        fields = "".join(
            f"--{border}\r\nContent-Disposition: form-data; "
            f'name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (("id", item), ("caption", caption))
        )
        head = (
            f"{fields}--{border}\r\nContent-Disposition: form-data; "
            'name="picture"; filename="x"\r\n\r\n'
        )
        body = head.encode() + picture + f"\r\n--{border}--\r\n".encode()
        kind = f"multipart/form-data; boundary={border}"
        return self.ask("POST", "/items", body, kind)[0]

    def figures(self) -> dict[str, float]:
        """Memory in MB, and queries and batches so far."""
        text = self.ask("GET", "/metrics")[1].decode()
        batches = dict(_BATCHES.findall(text))
        return {
            "memory_mb": float(_MEMORY.search(text)[1]) / 1e6,
            "queries": float(batches["sum"]),
            "batches": float(batches["count"]),
        }


@contextlib.contextmanager
def serving(
    module: str, *arguments: str
) -> Iterator[tuple[subprocess.Popen, tuple[str, int]]]:
    """Starts a service and ends it; its process, and host and port.

    Args:
        module: What serves.
        *arguments: Its command line.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": os.fspath(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout:
            found = re.search(r"^Serving .* at http://(\S+):(\d+)/$", line)
            if found:
                break
        else:
            raise AssertionError("The service did not start; see above.")
        yield process, (found[1], int(found[2]))
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def together(work: Callable[[int], None], count: int) -> None:
    """Runs threads to their end and raises what one of them raised."""
    errors = []

    def guarded(number):
        try:
            work(number)
        except Exception as error:
            errors.append(error)

    threads = [
        threading.Thread(target=guarded, args=(number,))
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def throughput(
    address: tuple[str, int], words: list[str], clients: int, seconds: float
) -> dict:
    """Text queries a second of clients that ask one after the other."""
    before = Client(address).figures()
    took: list[list[float]] = [[] for _ in range(clients)]
    end = time.perf_counter() + seconds

    def work(number):
        client = Client(address)
        place = number
        while time.perf_counter() < end:
            began = time.perf_counter()
            client.search(text=words[place % len(words)], k=10)
            took[number].append(time.perf_counter() - began)
            place += clients

    began = time.perf_counter()
    together(work, clients)
    elapsed = time.perf_counter() - began
    after = Client(address).figures()
    every = [one for part in took for one in part]
    queries, batches = (
        after[name] - before[name] for name in ("queries", "batches")
    )
    return {
        "clients": clients,
        "per_second": len(every) / elapsed,
        "median_ms": 1e3 * statistics.median(every),
        "p99_ms": 1e3 * float(np.quantile(every, 0.99)),
        "queries_a_batch": queries / batches,
    }


def picture(rng: np.random.Generator) -> bytes:
    """A PNG of random stripes."""
    from PIL import Image

    pixels = np.repeat(rng.integers(256, size=(64, 1, 3)), 64, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _joined(kind: type, count: int) -> type:
    """Codes to which random ones are joined, which stand for the run's."""

    class Joined(kind):
        def add(self, modality, rows, numbers):
            self.items = len(numbers)
            rng = np.random.default_rng(0)
            shape = count - self.items, rows.shape[1]
            more = rng.integers(256, size=shape, dtype=np.uint8)
            super().add(
                modality, np.concatenate([rows, more]), np.arange(count)
            )

        def search(self, modality, rows, k):
            distances, numbers = super().search(modality, rows, k)
            return distances, numbers % self.items

    return Joined


def _codes(bits: int, count: int, milvus: str):
    from common import hamming
    from experiments.serve import codes

    if not milvus:
        return _joined(codes.LocalCodes, count)(bits)
    server = hamming.MilvusIndex(
        milvus, _COLLECTION, bits, consistency="Session"
    )
    server.drop()
    return _joined(codes.MilvusCodes, count)(server)


def _serve(run: str, count: int, store: str, milvus: str) -> None:
    from common.runs import finished as finished_runs
    from experiments import serve as services
    from experiments.serve import runs
    from experiments.serve.web import application
    from experiments.serve.web import server

    runner.import_tensorflow()
    finished = finished_runs.open_run(run)
    service = services.Service(
        finished,
        services.Store(store, runs.owner(finished)),
        _codes(finished.bits, count, milvus),
    )
    service.warm_up()
    server.run(
        application.build(service),
        "127.0.0.1",
        0,
        lambda address: print(f"Serving {count} at {address}", flush=True),
    )
    service.close()


def _define_flags() -> None:
    flags.DEFINE_string("run", None, "A run on the embedded drawings.")
    flags.DEFINE_integer("codes", 1_000_000, "Codes to search.", 10_000)
    flags.DEFINE_string("store", None, "File of what is added.")
    flags.DEFINE_string("milvus", "", "A Milvus server that holds the codes.")


def _main(arguments: list[str]) -> None:
    given = flags.FLAGS
    _serve(given.run, given.codes, given.store, given.milvus)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
