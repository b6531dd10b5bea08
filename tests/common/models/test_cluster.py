import json

import pytest

from common.models import cluster


def _config(workers, kind="worker", index=0, **more):
    return json.dumps(
        {
            "cluster": {"worker": workers, **more},
            "task": {"type": kind, "index": index},
        }
    )


def test_without_workers_a_process_is_the_chief_whatever_is_set(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", _config(["a:1", "b:1"], index=1))

    for strategy in ("none", "mirrored"):
        found = cluster.this_worker(strategy)

        assert (found.index, found.count, found.is_chief) == (0, 1, True)


def test_the_environment_tells_which_worker_this_is(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", _config(["a:1", "b:1", "c:1"], index=2))

    found = cluster.this_worker("multi_worker")

    assert (found.index, found.count, found.is_chief) == (2, 3, False)


@pytest.mark.parametrize(
    "text",
    (
        "",
        "{",
        "[]",
        '{"cluster": {}}',
        _config(["a:1"], index=1),
        _config(["a:1"], index=-1),
        _config(["a:1"], kind="evaluator"),
        _config(["a:1"], ps=["b:1"]),
    ),
)
def test_anything_else_is_refused_with_what_is_needed(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)

    with pytest.raises(ValueError, match="multi_worker needs TF_CONFIG=") as e:
        cluster.this_worker("multi_worker")

    assert str(e.value).endswith(f"received {text!r}.")
