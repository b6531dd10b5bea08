import sys
import time

import pytest

from common.system import files
from common.system import stopwatch


def test_waiting_costs_wall_time_and_working_costs_the_processor_too():
    watch = stopwatch.Stopwatch()
    time.sleep(0.2)
    waited = watch.costs()
    busy_until = time.process_time() + 0.2
    while time.process_time() < busy_until:
        pass
    worked = watch.costs()

    assert 0.2 <= waited["train_seconds"] < worked["train_seconds"]
    assert waited["cpu_seconds"] < 0.1
    assert worked["cpu_seconds"] >= 0.2
    assert worked["peak_memory_bytes"] >= waited["peak_memory_bytes"] > 2**20


def test_seconds_of_an_earlier_process_count_and_its_memory_does_not(tmp_path):
    seconds = tmp_path / "seconds.json"
    stopwatch.Stopwatch().save(seconds)
    stored = files.read_json(seconds)
    watch = stopwatch.Stopwatch()
    before = watch.costs()
    files.write_json(seconds, {"train_seconds": 100.0, "cpu_seconds": 250.0})

    watch.add(seconds)

    found = watch.costs()
    assert stored.keys() == {"train_seconds", "cpu_seconds"}
    assert 100 <= found["train_seconds"] < before["train_seconds"] + 130
    assert 250 <= found["cpu_seconds"] < before["cpu_seconds"] + 280
    assert found["peak_memory_bytes"] < 2 * before["peak_memory_bytes"]


@pytest.mark.parametrize("stored", [[], {}, {"train_seconds": "long"}])
def test_a_file_of_something_else_is_named(tmp_path, stored):
    files.write_json(tmp_path / "seconds.json", stored)

    with pytest.raises(ValueError, match="seconds.json holds no `train_sec"):
        stopwatch.Stopwatch().add(tmp_path / "seconds.json")


@pytest.mark.parametrize("resource", (True, False))
def test_where_there_is_no_proc_the_library_tells_or_nobody(
    monkeypatch, resource
):
    def missing(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(stopwatch, "open", missing, raising=False)
    if not resource:
        monkeypatch.setitem(sys.modules, "resource", None)

    found = stopwatch.peak_memory()

    assert found > 2**20 if resource else found == 0
