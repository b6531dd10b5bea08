import threading

import numpy as np
import pytest

from common.runs import encoding
from experiments import serve as services
from experiments.serve import collection
from tests import service_runs


@pytest.fixture(scope="module")
def stored(finished):
    return encoding.load(finished.directory / "codes.npz")


def _search(service, query):
    return service.ask(query).result()


def _ids(answer):
    return [item.id for item in answer.items]


def _expected(finished, stored, half, code, k):
    """Ids and distances by comparing single bits, ties by data row."""
    distances = service_runs.nearest(stored, half, code)
    rows = np.concatenate([finished.split.query, finished.split.retrieval])
    order = np.lexsort((rows, distances))[:k]
    return finished.data.ids[rows[order]].tolist(), distances[order].tolist()


@pytest.mark.parametrize("word", service_runs.WORDS)
def test_words_find_the_pictures_that_fit(service, finished, stored, word):
    answer = _search(service, service.text_query(f"a {word}", k=9))

    ids, distances = _expected(finished, stored, "image", answer.code, 9)
    assert _ids(answer) == ids
    assert list(answer.distances) == distances
    assert {item.labels for item in answer.items} == {(word,)}
    assert all(word in item.caption for item in answer.items)


def test_how_a_word_was_taken_is_told(service):
    answer = _search(service, service.text_query("birdz"))

    assert answer.notes == ("birdz: taken as bird",)


def test_a_picture_finds_itself_and_its_caption(service, flower):
    for target in ("image", "text"):
        answer = _search(service, service.picture_query(flower, target=target))

        nearest = [
            item.id
            for item, distance in zip(
                answer.items, answer.distances, strict=True
            )
            if distance == 0
        ]
        assert "flower2.png" in nearest


@pytest.mark.parametrize("ask_with", ("image", "text"))
@pytest.mark.parametrize("target", ("image", "text"))
def test_an_item_asks_with_either_half_for_either(
    service, finished, stored, ask_with, target
):
    query = service.item_query("bird20.png", ask_with, target=target, k=30)
    answer = _search(service, query)

    ids, distances = _expected(finished, stored, target, query.code, 30)
    assert _ids(answer) == ids
    assert list(answer.distances) == distances


def test_a_vector_and_a_code_ask_as_the_item_they_belong_to(service, finished):
    row = finished.data.ids.tolist().index("bird20.png")
    features = finished.data.image_features(slice(row, row + 1))[0]

    by_item = _search(service, service.item_query("bird20.png"))
    by_vector = _search(service, service.vector_query(features.tolist()))
    by_code = _search(service, service.code_query(by_item.code.tobytes().hex()))

    assert _ids(by_vector) == _ids(by_code) == _ids(by_item)


def test_a_radius_cuts_the_answer(service):
    every = _search(service, service.text_query("flower", k=24))
    radius = every.distances[5]

    near = _search(service, service.text_query("flower", k=24, radius=radius))

    count = sum(distance <= radius for distance in every.distances)
    assert 6 <= count < 24
    assert _ids(near) == _ids(every)[:count]


def test_a_filter_leaves_what_passes_in_its_order(service):
    where = services.Filter.of(["bird"], {"shelf": "1"})

    every = _search(service, service.text_query("flower", k=24))
    found = _search(service, service.text_query("flower", k=3, where=where))
    none = services.Filter.of(["fish"])

    passing = [
        item.id
        for item in every.items
        if item.labels == ("bird",) and item.metadata["shelf"] == "1"
    ]
    assert len(passing) == 4
    assert _ids(found) == passing[:3]
    assert not _search(service, service.text_query("bird", where=none)).items


def test_an_added_picture_is_found_and_stays_after_a_restart(opened, png):
    service = opened()
    new = services.NewItem(
        png(40, 30), "A birdz xyz", "my bird", ("mine",), {"shelf": "9"}
    )
    ((item, notes),) = service.add([new])

    for _ in range(2):
        answer = _search(service, service.picture_query(png(40, 30), k=25))
        assert (item, 0) in zip(answer.items, answer.distances, strict=True)
        text = service.item_query("my bird", "text", target="text", k=25)
        assert item in _search(service, text).items
        for where in (
            services.Filter.of(["mine"]),
            services.Filter.of((), {"shelf": "9"}),
        ):
            query = service.text_query("flower", where=where)
            assert _search(service, query).items == (item,)
        assert service.items.find("my bird") == item
        assert service.gallery.picture(item) == ("image/png", png(40, 30))
        assert service.gallery.thumbnail(item)[:2] == b"\xff\xd8"
        assert len(service.items) == 25
        service = opened()
    assert item.caption == "A birdz xyz"
    assert notes == ("birdz: taken as bird", "xyz: not known")


def test_what_is_removed_is_gone_also_after_a_restart(opened, png):
    service = opened()
    ((item, _),) = service.add([services.NewItem(png(9, 9), "bird")])
    gone = {item.id, "bird20.png", "flower2.png"}
    for one in gone:
        service.items.remove(one)

    for _ in range(2):
        for target in ("image", "text"):
            answer = _search(
                service, service.text_query("bird", target=target, k=30)
            )
            assert len(answer.items) == len(service.items) == 22
            assert not gone & set(_ids(answer))
        for one in gone:
            with pytest.raises(services.MissingError, match="no item"):
                service.items.find(one)
            with pytest.raises(services.MissingError, match="no item"):
                service.items.remove(one)
        with pytest.raises(services.MissingError, match="been removed"):
            service.gallery.picture(item)
        service = opened()


def test_an_id_can_be_taken_again_once_it_is_free(service, png):
    new = services.NewItem(png(9, 9), "a flower", "bird20.png")
    with pytest.raises(collection.TakenError, match="'bird20.png' already"):
        service.add([new])
    with pytest.raises(collection.TakenError, match="'two' already"):
        service.add([services.NewItem(png(9, 9), "", "two")] * 2)

    service.items.remove("bird20.png")
    service.add([new])

    assert service.items.find("bird20.png").caption == "a flower"
    service.items.remove("bird20.png")
    with pytest.raises(services.MissingError):
        service.items.find("bird20.png")


def test_a_picture_without_known_words_is_found_by_pictures(service, png):
    ((item, notes),) = service.add([services.NewItem(png(9, 9), "qqq")])
    assert notes[0].startswith("The caption is kept, but not searched: None of")

    answer = _search(service, service.item_query(item.id, k=30))
    captions = _search(service, service.item_query(item.id, target="text"))

    assert item in answer.items
    assert item not in captions.items
    with pytest.raises(services.MissingError, match="has no text code"):
        service.item_query(item.id, "text")
    service.items.remove(item.id)


def test_originals_are_the_data_sets_own_files(service, flower):
    item = service.items.find("flower2.png")

    assert service.gallery.picture(item) == ("image/png", flower)
    assert service.gallery.thumbnail(item)[:2] == b"\xff\xd8"


def test_a_file_that_is_no_picture_is_not_handed_out(
    service, photographs_run, tmp_path
):
    path = photographs_run.parent / "photos" / "flower4.png"
    kept = path.read_bytes()
    try:
        path.write_text("secret")
        with pytest.raises(services.MissingError, match="is no JPEG"):
            service.gallery.picture(service.items.find("flower4.png"))
    finally:
        path.write_bytes(kept)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s: s.text_query("qqq"), "None of the words of 'qqq'"),
        (lambda s: s.text_query("bird " * 3000), "at most 10000 characters"),
        (lambda s: s.text_query("bird", k=0), "`k` is at least 1"),
        (lambda s: s.text_query("bird", radius=-1), "`radius` is at least 0"),
        (lambda s: s.text_query("bird", target="sound"), "image or text"),
        (lambda s: s.item_query("bird20.png", "sound"), "image or text"),
        (lambda s: s.vector_query([1.0, 2.0]), "1280.* finite numbers"),
        (lambda s: s.vector_query([float("nan")] * 1280), "finite numbers"),
        (lambda s: s.code_query("00"), "3 bytes of hexadecimal"),
        (lambda s: s.code_query("no code"), "3 bytes of hexadecimal"),
        (lambda s: s.picture_query(b"text"), "no JPEG, PNG, GIF"),
        (lambda s: s.picture_query(b"x" * 200_001), "at most 0.2 MB"),
        (lambda s: s.ask(s.text_query("bird", k=51)), "`k` is at most 50"),
        (lambda s: s.add([]), "Add 1 to 2 pictures"),
        (lambda s: s.add([services.NewItem(b"")] * 3), "Add 1 to 2 pictures"),
        (lambda s: s.add([services.NewItem(b"", id="../x")]), "An id is up to"),
        (lambda s: s.add([services.NewItem(b"text")]), "no JPEG, PNG, GIF"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(opened, make, message):
    limits = services.Limits(k=50, upload_bytes=200_000, pictures=2)
    service = opened(limits=limits)

    with pytest.raises(ValueError, match=message) as error:
        make(service)

    assert str(error.value).endswith((".", ".'"))
    assert len(service.items) == 24


def test_a_picture_of_too_many_pixels_is_not_decoded(opened, png):
    service = opened(limits=services.Limits(megapixels=0.01))

    assert service.picture_query(png(100, 100)).code is not None
    with pytest.raises(ValueError, match="0.0 million pixels, more than"):
        service.picture_query(png(101, 100))


def test_a_damaged_picture_is_refused_and_nothing_is_added(service, png):
    whole, damaged = png(50, 50), png(50, 50)[:-40]

    with pytest.raises(ValueError, match="cannot be decoded"):
        service.add([services.NewItem(whole), services.NewItem(damaged)])

    assert len(service.items) == 24


def test_searches_go_on_while_items_come_and_go(opened, png):
    batches = []
    service = opened(watch=batches.append)
    picture = png(20, 20, colour="blue")
    failures, ended = [], threading.Event()

    def search():
        while not ended.is_set():
            answer = _search(service, service.text_query("bird", k=60))
            # Two come and go at once: a search sees both or none.
            added = [item for item in answer.items if item.added]
            if len(added) not in (0, 2) or len(answer.items) - len(added) != 24:
                failures.append(answer)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for round in range(5):
            pair = [services.NewItem(picture, "bird") for _ in range(2)]
            added = service.add(pair)
            answer = _search(service, service.text_query("bird", k=60))
            assert len(answer.items) == 26, round
            rows = [item.number for item, _ in added]
            service.items.remove_all([item.id for item, _ in added])
            answer = _search(service, service.text_query("bird", k=60))
            assert not set(rows) & {item.number for item in answer.items}
    finally:
        ended.set()
        for thread in threads:
            thread.join()

    assert not failures
    assert max(batches) > 1
