import socket

import numpy as np
import pytest

from common import hamming
from common.hamming import exchange
from common.hamming import milvus_engine
from common.runs import finished as finished_runs
from common.system import files
from experiments import milvus_index
from experiments import search
from experiments import serve as services
from experiments.serve import codes as service_codes
from tests import hamming_cases as cases

# One real server for all: starting it takes 9 seconds.


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    pytest.importorskip("pymilvus", reason="pymilvus is not installed")
    milvus = pytest.importorskip("milvus", reason="no server: install `milvus`")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("milvus")
    server = milvus.MilvusServer(
        milvus.MilvusServerConfig(data_dir=str(folder), proxy_port=port)
    )
    try:
        server.start()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        server.cleanup()


@pytest.fixture(scope="module")
def images():
    """300 codes of which many are equal, under mixed ids."""
    rng = np.random.default_rng(1)
    index = hamming.HammingIndex(63)
    index.add(
        cases.pack(cases.bits(9, 63)[rng.integers(9, size=300)]),
        rng.permutation(900)[:300] - 400,
    )
    return index


@pytest.fixture(scope="module")
def texts():
    index = hamming.HammingIndex(63)
    index.add(cases.pack(cases.bits(200, 63, seed=2)))
    return index


@pytest.fixture(scope="module")
def server(uri, images, texts):
    server = milvus_engine.MilvusIndex(uri, "codes", 63)
    server.create()
    server.upsert(images, "image")
    server.upsert(texts, "text")
    return server


def _assert_same(found, expected):
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, other)
        assert mine.dtype == other.dtype


@pytest.mark.parametrize("k", (1, 40, 301))
def test_the_server_answers_as_the_local_index_does(server, images, texts, k):
    queries = cases.pack(cases.bits(5, 63))

    for modality, index in (("image", images), ("text", texts)):
        found = server.search(queries, k, modality)

        _assert_same(found, index.search(queries, k))


@pytest.mark.parametrize("consistency", milvus_engine.CONSISTENCIES)
def test_a_search_sees_what_was_sent_before(uri, images, consistency):
    server = milvus_engine.MilvusIndex(
        uri, f"seen_{consistency}", 63, consistency=consistency
    )
    server.create()
    server.upsert(images, "image")
    nearest = images.codes.take(np.arange(1))
    every = images.search(nearest, 300)

    _assert_same(server.search(nearest, 300, "image", 300), every)
    server.remove(every[1][0, :5], "image")
    left = [one[:, 5:] for one in every]
    _assert_same(server.search(nearest, 295, "image", 295), left)
    # More were counted than there are.
    _assert_same(server.search(nearest, 300, "image", 300), left)


def test_an_unknown_consistency_is_refused():
    with pytest.raises(ValueError, match="Strong, Session, received 'none'"):
        milvus_engine.MilvusIndex("http://x:1", "x", 8, consistency="none")


def test_without_a_modality_all_items_are_searched(server, images, texts):
    queries = cases.pack(cases.bits(3, 63, seed=5))

    distances, _ = server.search(queries, 25)

    rows = np.concatenate([images.codes.to_bits(), texts.codes.to_bits()])
    expected = np.sort(cases.brute_distances(queries.to_bits(), rows), axis=1)
    np.testing.assert_array_equal(distances, expected[:, :25])
    assert server.count() == 500


def test_no_queries_and_wrong_k(server):
    none = cases.pack(np.zeros((0, 63)))

    assert server.search(none, 5, "text")[0].shape == (0, 5)
    with pytest.raises(ValueError, match="1 to 16384, received 0"):
        server.search(none, 0)


def test_other_codes_are_refused(server, uri):
    with pytest.raises(ValueError, match="63.*64"):
        server.search(cases.pack(cases.bits(1, 64)), 1)
    with pytest.raises(ValueError, match="holds 63-bit codes, not 64-bit"):
        milvus_engine.MilvusIndex(uri, "codes", 64)


def test_a_search_needs_a_collection(server, uri):
    with pytest.raises(ValueError, match="no collection absent"):
        milvus_engine.MilvusIndex(uri, "absent", 8).count()


def test_unknown_kinds_are_refused(server):
    with pytest.raises(ValueError, match="received 'HNSW'"):
        server.create("HNSW")


def test_a_resumed_load_sends_what_is_missing(server, monkeypatch):
    monkeypatch.setattr(milvus_engine, "_SENT", 20)
    index = hamming.HammingIndex(63)
    index.add(cases.pack(cases.bits(50, 63, seed=3)))
    part = hamming.HammingIndex(63)
    part.add(index.codes.take(np.arange(30)))
    server.upsert(part, "resumed")
    other = hamming.HammingIndex(63)
    other.add(cases.pack(cases.bits(1, 63, seed=4)), [7])
    server.upsert(other, "resumed")
    done = []

    sent = server.upsert(index, "resumed", resume=True, progress=done.append)

    # Item 7 was replaced, items 30 to 49 never came.
    assert (sent, done) == (21, [20, 40, 50])
    queries = cases.pack(cases.bits(4, 63))
    found = server.search(queries, 50, "resumed")
    _assert_same(found, index.search(queries, 50))

    server.remove(index.ids, "resumed")

    assert server.count("resumed") == 0
    assert server.search(queries, 3, "resumed")[0].shape == (4, 0)


def test_a_run_is_loaded_once_and_answers_from_the_server(uri, finished):
    opened = finished_runs.open_run(finished)
    name = milvus_index.collection_name(opened.directory)
    server = milvus_engine.MilvusIndex(uri, name, opened.bits)
    count = len(opened.split.retrieval)

    first = milvus_index.load(opened, server, "BIN_IVF_FLAT")
    second = milvus_index.load(opened, server, "BIN_IVF_FLAT")

    assert first == {"image": (count, count), "text": (count, count)}
    assert second == {"image": (count, 0), "text": (count, 0)}
    for asked in ("image", "text"):
        found = search.search_item(opened, "item7", asked, 9, server)
        expected = search.search_item(opened, "item7", asked, 9)
        assert found.rows.tolist() == expected.rows.tolist()
        assert found.distances.tolist() == expected.distances.tolist()

    server.drop()

    again = milvus_engine.MilvusIndex(uri, name, opened.bits)
    assert not again.exists


def test_what_a_job_encoded_is_loaded_file_by_file(
    uri, command, images, texts, tmp_path
):
    pytest.importorskip("pyarrow.parquet")
    folder = tmp_path / "job"
    half = hamming.HammingIndex(63), hamming.HammingIndex(63)
    for part, rows in zip(half, np.array_split(np.arange(300), 2), strict=True):
        part.add(images.codes.take(rows), images.ids[rows])
    exchange.write_parquet({"image": half[0]}, folder / "codes" / "0.parquet")
    exchange.write_parquet(
        {"image": half[1], "text": texts}, folder / "codes" / "1.parquet"
    )
    arguments = ("milvus_index", f"--codes={folder}", f"--uri={uri}", "--load")
    _, _, early = command(*arguments)
    files.write_json(folder / "encode.json", {"settings": {"bits": 63}})

    code, said, errors = command(*arguments)

    assert f"{folder} is no finished job" in early
    assert code == 0, errors
    assert said == (
        "image: 300 codes, 300 of them sent\n"
        "text: 200 codes, 200 of them sent\n"
    )
    server = milvus_engine.MilvusIndex(uri, "run_job", 63)
    queries = cases.pack(cases.bits(3, 63))
    _assert_same(
        server.search(queries, 20, "image"), images.search(queries, 20)
    )
    _, again, _ = command(*arguments)
    assert again == (
        "image: 300 codes, 0 of them sent\ntext: 200 codes, 0 of them sent\n"
    )


def test_the_command_names_a_server_that_does_not_answer(command, finished):
    pytest.importorskip("pymilvus", reason="pymilvus is not installed")

    code, output, errors = command(
        "milvus_index",
        f"--run={finished}",
        "--load",
        "--uri=http://127.0.0.1:1",
    )

    assert (code, output) == (1, "")
    assert errors.startswith("Error: No Milvus server answers at http://127.0.")
    assert errors.count("\n") == 1


def test_the_command_loads_or_drops(command, finished):
    code, _, errors = command("milvus_index", f"--run={finished}")

    assert (code, errors) == (1, "Error: Give either --load or --drop.\n")


def _answers(service):
    """Ids and distances of some searches, filtered ones among them."""
    where = services.Filter.of(["class1"])
    asked = [
        service.text_query("word1 word4", k=7),
        service.text_query("word2", k=130, target="text"),
        service.text_query("word2", k=3, where=where),
        service.item_query("item7", radius=2, k=200),
    ]
    answers = [service.ask(query).result() for query in asked]
    return [
        ([item.id for item in answer.items], answer.distances)
        for answer in answers
    ]


def test_a_service_answers_alike_over_the_server(finished, uri, tmp_path):
    opened = finished_runs.open_run(finished)
    found = []
    # The second start finds the codes of the first on the server.
    for where in ("here", "server", "server"):
        store = services.Store(tmp_path / where, "run")
        held = None
        if where == "server":
            held = service_codes.MilvusCodes(
                milvus_engine.MilvusIndex(
                    uri, "serve", opened.bits, consistency="Session"
                )
            )
        service = services.Service(opened, store, held)
        if len(found) < 2:
            every = _answers(service)
            assert len(every[1][0]) == 120
            service.items.remove("item8")
        found.append((every, _answers(service)))
        service.close()

    assert found[0] == found[1] == found[2]
    assert "item8" not in found[0][1][1][0]
