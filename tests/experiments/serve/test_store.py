import sqlite3

import pytest

from common.system import locks
from experiments.serve import store as service_store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "service" / "items.sqlite"


def _record(item, text_code=b"\2"):
    return service_store.Record(
        item, f"a {item}", ("red", "blue"), {"shelf": "1"}, b"\1", text_code
    )


def _picture(content):
    return service_store.Picture("image/png", content, content[:1])


def test_what_was_added_and_removed_is_there_after_a_restart(path):
    store = service_store.Store(path, "run")
    owl, hen = store.add(
        [_record("owl"), _record("hen", None)],
        [_picture(b"owl"), _picture(b"hen")],
    )
    (cow,) = store.add([_record("cow")], [_picture(b"cow")])
    store.remove([owl.number], [7, 3])
    store.remove([], [3])
    store.close()

    store = service_store.Store(path, "run")

    assert (owl.number, hen.number, cow.number) == (1, 2, 3)
    assert store.records() == [hen, cow]
    assert (hen.caption, hen.text_code) == ("a hen", None)
    assert store.removed() == [3, 7]
    assert store.gone() == [1]
    assert store.picture(owl.number) is None
    assert store.picture(hen.number) == _picture(b"hen")
    assert store.thumbnail(cow.number) == b"c"
    store.close()


def test_numbers_are_never_used_again(path):
    store = service_store.Store(path, "run")
    (owl,) = store.add([_record("owl")], [_picture(b"owl")])
    store.remove([owl.number], [])
    store.close()

    store = service_store.Store(path, "run")
    (again,) = store.add([_record("owl")], [_picture(b"owl")])

    assert again.number == owl.number + 1
    store.close()


def test_of_several_items_all_are_added_or_none(path):
    store = service_store.Store(path, "run")
    store.add([_record("owl")], [_picture(b"owl")])

    with pytest.raises(ValueError, match="twice or is there already"):
        store.add(
            [_record("hen"), _record("owl")],
            [_picture(b"hen"), _picture(b"owl")],
        )

    assert [one.id for one in store.records()] == ["owl"]
    store.add([_record("hen")], [_picture(b"hen")])
    store.close()


def test_a_change_is_on_disk_before_it_is_told_of(path):
    store = service_store.Store(path, "run")

    levels = {
        connection.execute("PRAGMA synchronous").fetchone()[0]
        for connection in (store._writer, store._reader)
    }
    (journal,) = store._writer.execute("PRAGMA journal_mode").fetchone()

    # 2 is FULL.
    assert (journal, levels) == ("wal", {2})
    store.close()


def test_one_process_holds_a_store_at_a_time(path):
    store = service_store.Store(path, "run")

    with pytest.raises(locks.HeldError):
        service_store.Store(path, "run")
    store.close()

    service_store.Store(path, "run").close()


def test_a_store_of_another_run_is_refused(path):
    service_store.Store(path, "run").close()

    with pytest.raises(ValueError, match="belongs to another run"):
        service_store.Store(path, "other")


def test_what_is_no_store_is_refused(path):
    path.parent.mkdir()
    path.write_bytes(b"no data base, but long enough to have a head" * 9)

    with pytest.raises(ValueError, match="is no store of a service"):
        service_store.Store(path, "run")


def test_a_store_of_a_later_version_is_refused(path):
    service_store.Store(path, "run").close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()

    with pytest.raises(ValueError, match="has format 9"):
        service_store.Store(path, "run")
