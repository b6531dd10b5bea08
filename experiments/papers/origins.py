"""One sentence below a table: which code made its figures, and on what."""

from collections.abc import Sequence
from typing import Any

from common.runs import provenance


def below(table: str, results: Sequence[dict]) -> str:
    """A table in Markdown, with the sentence of `line` below it."""
    return "\n\n".join(filter(None, (table, line(results))))


def line(results: Sequence[dict]) -> str:
    """What made the figures of result files.

    Args:
        results: What they hold. One without `provenance` was made before
            that was kept, and so were runs whose record says so.

    Returns:
        A sentence in Markdown; empty where no run got as far as figures.
    """
    records = [one for result in results for one in _records(result)]
    known = list(dict.fromkeys(map(_sentence, records)))
    old = provenance.NOTE in known
    known = [one for one in known if one != provenance.NOTE]
    if not known:
        return f"*These figures were {provenance.NOTE}.*" if old else ""
    parts = "; ".join(known)
    some = f" Some figures were {provenance.NOTE}." if old else ""
    return f"*Made by {parts}.{some}*"


def _records(result) -> list[dict[str, Any]]:
    own = result.get("provenance", [provenance.before()])
    return [*own, *(path["provenance"] for path in result.get("paths", ()))]


def _sentence(record) -> str:
    if "note" in record:
        return record["note"]
    code, versions = record["code"], record["versions"]
    # A commit of a changed clone does not say what ran.
    changed = ", changed" if code["dirty"] else ""
    commit = f" ({code['commit'][:10]}{changed})" if code["commit"] else ""
    devices = ", ".join(record["devices"])
    where = record["processor"] if devices == "CPU" else devices
    return (
        f"version {code['version']}{commit} with TensorFlow "
        f"{versions['tensorflow']} on {where}"
    )
