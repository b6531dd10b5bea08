import time

from common import stopwatch


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
