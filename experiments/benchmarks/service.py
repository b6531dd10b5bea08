r"""Soaks, times and kills the search service.

    python -m experiments.benchmarks.service --run=runs/drawings
    python -m experiments.benchmarks.service --run=runs/drawings --output=FILE
    python -m experiments.benchmarks.service --run=runs/drawings \
        --measure=milvus --milvus=http://127.0.0.1:19530 --codes=1500000

Needs the `serve` and `backbones` extras and a run on the embedded drawings.
Clients, service and Milvus share the machine. About 15 minutes on 2 cores.
What is measured takes the place of what the output held of it; the rest stays.
"""

import pathlib
import random
import statistics
import tempfile
import threading
import time

import numpy as np
from absl import flags

from common.runs import provenance
from common.runs import runner
from common.system import files
from experiments.benchmarks import service_clients as clients

_SERVE = "experiments.serve"
_WORDS = (
    "red flower",
    "bird",
    "a house with trees",
    "computer keyboard",
    "flag of europe",
    "fruit",
    "musical instrument",
    "car",
)
_FOUND = 20
_WARM_UP = 300


def soak(run: str, requests: int, count: int, folder: pathlib.Path) -> dict:
    """Mixed requests, each answer held against what has to be there.

    Args:
        run: Folder of the run.
        requests: How many.
        count: Clients that send them.
        folder: Where the store is kept.

    Raises:
        AssertionError: An answer is wrong.
    """
    arguments = _arguments(run, folder / "soak.sqlite")
    kept: list[str] = []
    with clients.serving(_SERVE, *arguments) as (_, address):
        first = clients.Client(address)
        expected = {
            words: _ids(first.search(text=words, k=_FOUND)) for words in _WORDS
        }
        left = iter(range(requests))
        drawing = threading.Lock()
        memory: list[float] = []
        counts = dict.fromkeys(("search", "item", "add", "remove"), 0)

        def work(number):
            client = clients.Client(address)
            rng = np.random.default_rng(number)
            own: list[str] = []
            while True:
                with drawing:
                    place = next(left, None)
                if place is None:
                    break
                if place % (requests // 20) == 0:
                    memory.append(client.figures()["memory_mb"])
                kind = _one(client, rng, own, f"{number}-{place}", expected)
                with drawing:
                    counts[kind] += 1
            kept.extend(own)

        began = time.perf_counter()
        clients.together(work, count)
        seconds = time.perf_counter() - began
    with clients.serving(_SERVE, *arguments) as (_, address):
        _check_kept(clients.Client(address), set(kept))
    early, late = memory[5:10], memory[-5:]
    return {
        "requests": requests,
        "clients": count,
        "per_second": requests / seconds,
        **counts,
        "memory_mb_second_quarter": statistics.median(early),
        "memory_mb_end": statistics.median(late),
    }


def _one(client, rng, own, name, expected) -> str:
    """Sends one request and checks the answer; returns its kind."""
    draw = rng.random()
    if draw < 0.8:
        words = _WORDS[rng.integers(len(_WORDS))]
        found = client.search(text=words, k=_FOUND)
        distances = [one["distance"] for one in found["results"]]
        _require(distances == sorted(distances), "distances ascend")
        _require(len(distances) == _FOUND, "as many as asked for")
        before = [o["id"] for o in found["results"] if not o["added"]]
        _require(
            before == expected[words][: len(before)], f"{words} finds its own"
        )
        return "search"
    if draw < 0.9:
        item = expected[_WORDS[0]][rng.integers(_FOUND)]
        status, content = client.ask("GET", f"/items/{item}/thumbnail")
        _require(status == 200 and content[:2] == b"\xff\xd8", "a thumbnail")
        return "item"
    if draw < 0.96 or not own:
        _require(
            client.add(name, "a red bird", clients.picture(rng)) == 201, "added"
        )
        own.append(name)
        found = client.search(item=name, k=50)
        _require(found["results"][0]["distance"] == 0, "what was added")
        _require(client.ask("GET", f"/items/{name}")[0] == 200, "is there")
        return "add"
    gone = own.pop(int(rng.integers(len(own))))
    _require(client.ask("DELETE", f"/items/{gone}")[0] == 204, "removed")
    _require(client.ask("GET", f"/items/{gone}")[0] == 404, "is gone")
    return "remove"


def _check_kept(client, kept) -> None:
    found = client.search(text="bird", k=1000)["results"]
    added = {one["id"] for one in found if one["added"]}
    _require(added <= kept, "nothing that was removed is found")
    for item in kept:
        _require(client.ask("GET", f"/items/{item}")[0] == 200, item)


def kills(run: str, times: int, folder: pathlib.Path) -> dict:
    """Kills the service while four clients write; what was told has to stay.

    Raises:
        AssertionError: Something that was told of is lost.
    """
    draws = random.Random(0)
    told: set[str] = set()
    gone: set[str] = set()
    for turn in range(times + 1):
        arguments = _arguments(run, folder / "kills.sqlite")
        with clients.serving(_SERVE, *arguments) as (process, address):
            client = clients.Client(address)
            for item in told | gone:
                status = client.ask("GET", f"/items/{item}")[0]
                _require(status == (200 if item in told else 404), item)
            if turn == times:
                break
            # Loads the extractor before the clock runs.
            _require(client.add(f"{turn}", "", _picture(turn)) == 201, "added")
            told.add(f"{turn}")
            writing = threading.Thread(
                target=_write, args=(address, turn, told, gone)
            )
            writing.start()
            time.sleep(draws.uniform(0.1, 2))
            process.kill()
            writing.join()
    return {"kills": times, "kept": len(told), "removed": len(gone)}


def _write(address, turn, told, gone) -> None:
    """Adds and removes until the service dies."""

    def work(number):
        client = clients.Client(address)
        own = []
        for place in range(10**6):
            item = f"{turn}-{number}-{place}"
            try:
                if client.add(item, "a bird", _picture(place)) != 201:
                    raise AssertionError(item)
                told.add(item)
                own.append(item)
                if place % 3 == 2:
                    # Whether it is done is not known until it is told.
                    told.discard(own[0])
                    client.ask("DELETE", f"/items/{own[0]}")
                    gone.add(own.pop(0))
            except (OSError, clients.http.client.HTTPException):
                return

    clients.together(work, 4)


def timings(
    run: str,
    codes: int,
    seconds: float,
    folder: pathlib.Path,
    milvus: str = "",
) -> dict:
    """Text queries over many codes: alone, and of 1, 8 and 64 clients.

    Args:
        run: Folder of the run.
        codes: How many of each modality.
        seconds: Of each throughput.
        folder: Where the store is kept.
        milvus: A server that holds the codes; empty: the service itself.
    """
    arguments = (
        f"--run={run}",
        f"--codes={codes}",
        f"--store={folder / 'timings.sqlite'}",
        f"--milvus={milvus}",
    )
    module = "experiments.benchmarks.service_clients"
    with clients.serving(module, *arguments) as (_, address):
        client = clients.Client(address)
        took = []
        for place in range(_WARM_UP + 2000):
            began = time.perf_counter()
            client.search(text=_WORDS[place % len(_WORDS)], k=10)
            took.append(time.perf_counter() - began)
        found = [
            clients.throughput(address, list(_WORDS), count, seconds)
            for count in (1, 8, 64)
        ]
        # The first connection has been closed meanwhile.
        memory = clients.Client(address).figures()["memory_mb"]
    warm = 1e3 * np.array(took[_WARM_UP:])
    return {
        "codes": codes,
        "median_ms": float(np.median(warm)),
        "p99_ms": float(np.quantile(warm, 0.99)),
        "memory_mb": memory,
        "throughput": [
            one | {"to_one_client": one["per_second"] / found[0]["per_second"]}
            for one in found
        ],
    }


def _arguments(run, store) -> list[str]:
    return [f"--run={run}", f"--store={store}", "--port=0"]


def _picture(seed) -> bytes:
    return clients.picture(np.random.default_rng(seed))


def _ids(found) -> list[str]:
    return [one["id"] for one in found["results"]]


def _require(true: bool, what: str) -> None:
    if not true:
        raise AssertionError(f"Not so: {what}.")


def _define_flags() -> None:
    flags.DEFINE_string("run", None, "A run on the embedded drawings.")
    flags.mark_flag_as_required("run")
    flags.DEFINE_integer("requests", 10_000, "Requests of the soak.", 20)
    flags.DEFINE_integer("clients", 16, "Clients of the soak.", 1)
    flags.DEFINE_integer("kills", 20, "How often to kill.", 1)
    flags.DEFINE_integer("codes", 1_000_000, "Codes of the timings.", 10_000)
    flags.DEFINE_float("seconds", 15, "Seconds of each throughput.", 1)
    flags.DEFINE_multi_enum(
        "measure",
        ["timings", "soak", "kills"],
        ["timings", "milvus", "soak", "kills"],
        "What to measure; `milvus` is the timings with codes on a server.",
    )
    flags.DEFINE_string("milvus", "", "Address of that server.")
    flags.DEFINE_string("output", "", "A .json file for the figures.")


def _measure(name: str, folder: pathlib.Path) -> dict:
    given = flags.FLAGS
    asked = given.run, given.codes, given.seconds, folder
    if name == "timings":
        return timings(*asked)
    if name == "milvus":
        if not given.milvus:
            raise ValueError("--measure=milvus needs --milvus, a server.")
        return timings(*asked, given.milvus)
    if name == "soak":
        return soak(given.run, given.requests, given.clients, folder)
    return kills(given.run, given.kills, folder)


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    output = pathlib.Path(given.output) if given.output else None
    figures = {"kind": "service", "provenance": []}
    if output and output.exists():
        figures = files.read_json(output)
    figures["provenance"].append(provenance.record())
    with tempfile.TemporaryDirectory() as folder:
        for name in given.measure:
            figures[name] = _measure(name, pathlib.Path(folder))
            print(name, figures[name], flush=True)
            if output:
                files.write_json(output, figures)


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
