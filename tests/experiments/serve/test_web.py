import io
import json
import re

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")
pytest.importorskip("httpx2", reason="httpx2 is not installed")

from fastapi import testclient

from experiments import serve as services
from experiments.serve.web import application
from experiments.serve.web import guards

TOKEN = "0123456789abcdef"


@pytest.fixture
def client(opened):
    """Makes clients of services that are open one after the other."""

    def client(access=None, base="http://127.0.0.1:8000", **settings):
        app = application.build(opened(**settings), access)
        return testclient.TestClient(
            app, base_url=base, raise_server_exceptions=False
        )

    return client


def _search(client, **asked):
    answer = client.post("/search", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _add(client, *contents, **fields):
    files = [("picture", ("../x.png", io.BytesIO(one))) for one in contents]
    return client.post("/items", files=files, data=fields)


def _error(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    (error,) = answer.json().values()
    assert re.fullmatch(r"[^\n]+\.", error)
    return error


def test_words_find_pictures_over_http(client):
    found = _search(client(), text="birdz", k=3, labels=["bird"])

    assert found["notes"] == ["birdz: taken as bird"]
    assert len(found["results"]) == 3
    first = found["results"][0]
    assert set(first) == {
        "id",
        "caption",
        "labels",
        "metadata",
        "added",
        "distance",
        "picture",
        "thumbnail",
    }
    assert first["labels"] == ["bird"]
    assert first["picture"] == f"/items/{first['id']}/picture"


def test_every_way_of_asking_finds_the_same(client, finished, flower):
    asking = client()
    row = finished.data.ids.tolist().index("flower2.png")
    vector = finished.data.image_features(slice(row, row + 1))[0].tolist()

    by_item = _search(asking, item="flower2.png", k=4)
    answers = [
        _search(asking, vector=vector, k=4),
        _search(asking, code=by_item["code"], k=4),
        asking.post("/search", files={"picture": flower}, data={"k": 4}).json(),
    ]

    for answer in answers:
        assert answer == by_item


def test_a_form_takes_every_field_that_json_takes(client, flower):
    asking = client()
    fields = {"k": 9, "labels": ["flower"], "metadata": {"shelf": "1"}}
    form = fields | {"metadata": json.dumps(fields["metadata"])}

    by_form = asking.post("/search", files={"picture": flower}, data=form)

    by_item = _search(asking, item="flower2.png", **fields)
    assert by_form.json() == by_item
    assert len(by_item["results"]) == 4


def test_an_item_its_picture_and_its_thumbnail(client, flower):
    asking = client()

    item = asking.get("/items/flower2.png").json()
    picture = asking.get(item["picture"])
    thumbnail = asking.get(item["thumbnail"])

    assert item["labels"] == ["flower"]
    assert "flower" in item["caption"]
    assert set(item["metadata"]) == {"shelf"}
    assert (picture.headers["content-type"], picture.content) == (
        "image/png",
        flower,
    )
    assert thumbnail.headers["content-type"] == "image/jpeg"
    assert thumbnail.content[:2] == b"\xff\xd8"
    for answer in (picture, thumbnail):
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = {"If-None-Match": answer.headers["etag"]}
        assert asking.get(answer.url.path, headers=again).status_code == 304


def test_pictures_are_added_and_removed(client, png):
    asking = client()

    answer = _add(
        asking,
        png(30, 20),
        png(20, 30),
        caption=["a birdz", "a flower"],
        id=["one", "two"],
        labels=["mine", "new"],
        metadata='{"shelf": "7"}',
    )

    assert answer.status_code == 201
    one, two = answer.json()["items"]
    assert (one["id"], one["caption"], one["added"]) == ("one", "a birdz", True)
    assert one["notes"] == ["birdz: taken as bird"]
    assert two["labels"] == ["mine", "new"]
    found = _search(asking, text="bird", metadata={"shelf": "7"})["results"]
    assert {item["id"] for item in found} == {"one", "two"}
    assert asking.get(one["picture"]).content == png(30, 20)
    assert asking.delete("/items/one").status_code == 204
    for path in ("", "/picture", "/thumbnail"):
        error = _error(asking.get(f"/items/one{path}"), 404)
        assert error == "There is no item 'one'."
    found = _search(asking, text="bird", labels=["mine"])["results"]
    assert [item["id"] for item in found] == ["two"]


def test_ids_with_slashes_and_odd_signs_are_reached(client, png):
    asking = client()
    (item,) = _add(asking, png(9, 9), id="a @ b~1").json()["items"]

    assert item["picture"] == "/items/a%20%40%20b~1/picture"
    assert asking.get(item["picture"]).content == png(9, 9)
    assert asking.delete("/items/a%20%40%20b~1").status_code == 204


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "Ask with one of text, item, .* received none"),
        ({"text": "bird", "item": "x"}, "received text, item"),
        ({"text": "bird", "k": 0}, "`k`: .* received 0"),
        ({"text": "bird", "k": 1001}, "`k` is at most 1000"),
        ({"text": "bird", "radius": -1}, "`radius`: "),
        ({"text": "bird", "target": "sound"}, "`target`: .*'sound'"),
        ({"text": "bird", "size": 3}, "`size`: extra inputs"),
        ({"text": "qqq"}, "None of the words of 'qqq'"),
        ({"vector": [1]}, "`vector` is .*1280"),
        ({"vector": "x" * 500}, "`vector`: "),
        ({"code": "zz"}, "hexadecimal"),
        ({"labels": "bird", "text": "bird"}, "`labels`: "),
    ],
)
def test_a_wrong_search_is_refused_in_a_sentence(client, asked, message):
    error = _error(client().post("/search", json=asked), 400)

    assert re.search(message, error)
    assert len(error) < 300


def test_a_search_that_is_no_search_is_refused(client, flower):
    asking = client()

    bodies = [
        asking.post("/search", content=b"{", headers=_kind("application/json")),
        asking.post("/search", content=b"{}", headers=_kind("text/plain")),
        asking.post("/search", files={"picture": b"text"}),
        asking.post("/search", files=[("picture", flower)] * 2),
        asking.post(
            "/search", files={"picture": flower}, data={"text": "bird"}
        ),
        asking.post(
            "/search", files={"picture": flower}, data={"metadata": "[1]"}
        ),
    ]

    for answer in bodies:
        _error(answer, 400)
    error = _error(asking.post("/search", json={"item": "no"}), 404)
    assert error == "There is no item 'no'."


def _kind(name):
    return {"Content-Type": name}


def test_wrong_additions_are_refused_and_add_nothing(client, png):
    asking = client(limits=services.Limits(upload_bytes=5000, pictures=2))
    noise = np.random.default_rng(0).integers(256, size=9000, dtype=np.uint8)

    _error(asking.post("/items", data={"caption": "x"}), 400)
    _error(_add(asking, b"<svg/>"), 400)
    _error(_add(asking, png(9, 9), id="../../x"), 400)
    _error(_add(asking, png(9, 9), caption=["a", "b"]), 400)
    _error(_add(asking, *[png(9, 9)] * 3), 400)
    error = _error(_add(asking, noise.tobytes()), 400)
    assert "at most 0.005 MB" in error
    error = _error(_add(asking, png(9, 9), id="flower2.png"), 409)
    assert "already" in error

    assert asking.get("/about").json()["items"] == 24


@pytest.mark.parametrize("told", (True, False))
def test_a_request_that_is_too_large_is_cut(client, told):
    limits = services.Limits(upload_bytes=1000, pictures=1)
    content = b"x" * 1_500_000
    sent = content if told else iter([content[:700_000], content[700_000:]])

    answer = client(limits=limits).post(
        "/items",
        content=sent,
        headers=_kind("multipart/form-data; boundary=x"),
    )

    assert _error(answer, 413) == "A request has at most 1 MB."


def test_without_the_token_nothing_is_written(client, png):
    asking = client(guards.Access("0.0.0.0", TOKEN))

    for header in ("", "Bearer wrong", f"Basic {TOKEN}", "Bearer"):
        asking.headers["Authorization"] = header
        _error(_add(asking, png(9, 9), id="new"), 401)
        _error(asking.delete("/items/flower2.png"), 401)
    assert _search(asking, text="bird")["results"]
    assert asking.get("/items/flower2.png").status_code == 200

    asking.headers["Authorization"] = f"Bearer {TOKEN}"
    assert _add(asking, png(9, 9), id="new").status_code == 201
    assert asking.delete("/items/new").status_code == 204


def test_reading_needs_the_token_where_that_is_told(client):
    asking = client(guards.Access(token=TOKEN, token_reads=True))

    for path in ("/about", "/metrics", "/items/flower2.png"):
        _error(asking.get(path), 401)
    _error(asking.post("/search", json={"text": "bird"}), 401)
    for path in ("/", "/healthz", "/docs", "/openapi.json"):
        assert asking.get(path).status_code == 200
    asking.headers["Authorization"] = f"Bearer {TOKEN}"
    assert _search(asking, text="bird")["results"]


@pytest.mark.parametrize("host", ("evil.example:8000", "", "127.0.0.1.evil.de"))
def test_a_name_that_leads_here_is_refused(client, host):
    answer = client().get("/about", headers={"Host": host})

    assert "This service is not" in _error(answer, 403)


@pytest.mark.parametrize(
    "host", ("localhost", "localhost:8000", "127.0.0.1", "[::1]:80", "[::1]")
)
def test_this_machines_own_names_are_taken(client, host):
    answer = client().get("/about", headers={"Host": host})

    assert answer.status_code == 200


def test_pages_of_other_sites_cannot_write(client, png):
    asking = client()
    for origin in ("https://evil.example", "null", "http://127.0.0.1:9999"):
        asking.headers["Origin"] = origin
        error = _error(_add(asking, png(9, 9)), 403)
        assert error == "Pages of other sites may not ask."
        _error(asking.delete("/items/flower2.png"), 403)

    asking.headers["Origin"] = "http://127.0.0.1:8000"
    assert _add(asking, png(9, 9), id="mine").status_code == 201
    assert asking.delete("/items/mine").status_code == 204


@pytest.mark.parametrize(
    "path",
    (
        "/items",
        "/items/",
        "/static",
        "/items/../../etc/passwd",
        "/items/%2e%2e%2f%2e%2e%2fetc%2fpasswd/picture",
        "/items/photos/flower2.png",
        "/items//etc/passwd/picture",
        "/page.html",
    ),
)
def test_only_items_are_reached(client, path):
    answer = client().get(path)

    assert answer.status_code in (404, 405)
    _error(answer, answer.status_code)


def test_the_page_runs_only_its_own_script(client):
    asking = client()
    for path in ("/", "/docs"):
        page = asking.get(path)

        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'sha256-" in policy
        assert not re.search(r"(src|href)=[\"']?(https?:)?//", page.text)
        assert "unsafe" not in policy


def test_the_interface_is_described(client):
    described = client().get("/openapi.json").json()

    assert {
        (method, path)
        for path, methods in described["paths"].items()
        for method in methods
    } == {
        ("post", "/search"),
        ("post", "/items"),
        ("get", "/items/{item}"),
        ("get", "/items/{item}/picture"),
        ("get", "/items/{item}/thumbnail"),
        ("delete", "/items/{item}"),
        ("get", "/about"),
        ("get", "/healthz"),
        ("get", "/metrics"),
    }
    body = described["paths"]["/search"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data"}
    assert "picture" in body["multipart/form-data"]["schema"]["properties"]


def test_figures_are_told_to_prometheus(client):
    asking = client()
    for _ in range(3):
        _search(asking, text="bird")
    asking.get("/made/up")

    figures = asking.get("/metrics")

    assert figures.headers["content-type"].startswith("text/plain")
    lines = figures.text.splitlines()
    for line in (
        'cmh_requests_total{method="POST",route="/search",status="200"} 3.0',
        'cmh_requests_total{method="any",route="none",status="404"} 1.0',
        "cmh_batch_queries_count 3.0",
        "cmh_items 24.0",
    ):
        assert line in lines


def test_a_fault_of_the_service_tells_nothing_of_its_inside(
    client, monkeypatch
):
    def fail(*_, **__):
        raise RuntimeError("secret")

    asking = client()
    monkeypatch.setattr(services.Service, "ask", fail)

    answer = asking.post("/search", json={"text": "bird"})

    assert _error(answer, 500) == "The service failed; its log says why."


@pytest.mark.parametrize("host", ("0.0.0.0", "::", "192.0.2.7", "example.org"))
def test_a_public_address_needs_a_token(host):
    with pytest.raises(ValueError, match="give --token_file, or bind 127"):
        guards.Access(host)

    assert guards.Access(host, TOKEN).is_public


@pytest.mark.parametrize("host", ("127.0.0.1", "127.8.9.1", "::1", "localhost"))
def test_this_machines_own_address_needs_none(host):
    assert not guards.Access(host).is_public


def test_a_token_is_one_long_line(tmp_path):
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    assert guards.read_token(path) == TOKEN

    for bad in ("", "short", "two words that are long", "ünïcödéünïcödéünï"):
        path.write_text(bad)
        with pytest.raises(ValueError, match="one line of at least 16"):
            guards.read_token(path)
