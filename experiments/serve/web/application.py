"""The service's addresses."""

import asyncio
import base64
import contextlib
import hashlib
import logging
import pathlib
import re
from collections.abc import Iterator
from urllib import parse

import fastapi
import pydantic
from fastapi import concurrency
from fastapi import exceptions as fastapi_exceptions
from fastapi import responses
from starlette import exceptions

from experiments.serve import batching
from experiments.serve import collection
from experiments.serve.filters import Filter
from experiments.serve.items import Item
from experiments.serve.items import MissingError
from experiments.serve.items import NewItem
from experiments.serve.queries import Query
from experiments.serve.service import Service
from experiments.serve.web import forms
from experiments.serve.web import guards
from experiments.serve.web import monitoring

_FOLDER = pathlib.Path(__file__).parent
# Besides the pictures of one request.
_MORE_BYTES = 1_000_000
_MOST_FIELDS = 200
# Characters of a text whose words are looked up without a thread of its own;
# unknown ones take a millisecond each.
_SHORT = 64
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ERRORS = {
    status: {"model": forms.ErrorAnswer, "description": why}
    for status, why in (
        (400, "The request is wrong."),
        (401, "The token is missing."),
        (403, "Another host or site."),
        (404, "There is no such item."),
        (409, "There is an item of this id already."),
        (413, "The request is too large."),
        (503, "Too many wait, or a file is missing."),
    )
}
# In place of HTTP's own words.
_STANDARD = {
    404: "There is nothing at this address; see /docs.",
    405: "This address does not take that method; see /docs.",
}
_PICTURE = {"picture": {"type": "string", "format": "binary"}}


def build(
    service: Service, access: guards.Access | None = None
) -> fastapi.FastAPI:
    """The ASGI application of a service.

    Args:
        service: The service; it stays the caller's to close.
        access: Who may do what; by default all that reach this machine's own
            address.
    """
    access = access or guards.Access()
    monitor = monitoring.Monitor()
    service.watch = monitor.batch
    app = fastapi.FastAPI(
        title="Cross-modal search",
        description=f"{_name(service)}, {service.finished.bits} bits",
        docs_url=None,
        redoc_url=None,
        responses=_ERRORS,
    )
    limits = service.limits
    most = limits.pictures * limits.upload_bytes + _MORE_BYTES
    # The last one is asked first.
    app.add_middleware(guards.Guard, access=access, most_bytes=most)
    app.add_middleware(monitoring.Watched, monitor=monitor)
    _handle_errors(app)
    _add_search(app, service)
    _add_items(app, service)
    _add_pages(app, service, access, monitor)
    return app


def _add_search(app: fastapi.FastAPI, service: Service) -> None:
    @app.post(
        "/search",
        responses={200: {"model": forms.SearchAnswer}},
        openapi_extra={"requestBody": _search_body()},
    )
    async def search(request: fastapi.Request) -> responses.JSONResponse:
        """Finds what is nearest to words, a picture, an item or a vector."""
        with _refusals():
            query = await _query(service, request)
            future = service.ask(query)
        answer = await asyncio.wrap_future(future)
        results = [
            _shown(item) | {"distance": distance}
            for item, distance in zip(
                answer.items, answer.distances, strict=True
            )
        ]
        return _json(
            {
                "results": results,
                "code": answer.code.tobytes().hex(),
                "notes": list(answer.notes),
            }
        )


async def _query(service: Service, request: fastapi.Request) -> Query:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    picture = None
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=_MOST_FIELDS) as form:
            picture = form.get("picture")
            if picture is not None and not isinstance(picture, str):
                picture = await picture.read()
            fields = forms.search_fields(form)
        fields.pop("picture", None)
        asked = forms.SearchRequest.model_validate(fields)
    elif kind == "application/json":
        body = await request.body()
        asked = forms.SearchRequest.model_validate_json(body)
    else:
        raise ValueError(
            "Send application/json, or multipart/form-data with a picture; "
            f"received {kind[:80]!r}."
        )
    given = asked.asked_with() + ["picture"] * (picture is not None)
    if len(given) != 1 or isinstance(picture, str):
        raise ValueError(
            "Ask with one of text, item, vector, code and the file picture; "
            f"received {', '.join(given) or 'none'}."
        )
    options = {
        "target": asked.target,
        "k": asked.k,
        "radius": asked.radius,
        "where": Filter.of(asked.labels, asked.metadata),
    }
    if given == ["item"]:
        return service.item_query(asked.item, asked.ask_with, **options)
    value = picture if given == ["picture"] else getattr(asked, given[0])
    make = getattr(service, f"{given[0]}_query")
    if given == ["picture"] or len(asked.text or "") > _SHORT:
        return await concurrency.run_in_threadpool(make, value, **options)
    return make(value, **options)


def _add_items(app: fastapi.FastAPI, service: Service) -> None:
    @app.get("/items/{item:path}/picture", response_class=responses.Response)
    def picture(item: str, request: fastapi.Request) -> responses.Response:
        """An item's picture as it was sent, or as the data set has it."""
        with _refusals():
            found = service.items.find(item)
            return _file(request, found, lambda: service.gallery.picture(found))

    @app.get("/items/{item:path}/thumbnail", response_class=responses.Response)
    def thumbnail(item: str, request: fastapi.Request) -> responses.Response:
        """A small JPEG of an item."""
        with _refusals():
            found = service.items.find(item)
            return _file(
                request,
                found,
                lambda: ("image/jpeg", service.gallery.thumbnail(found)),
            )

    @app.get("/items/{item:path}", responses={200: {"model": forms.ItemAnswer}})
    def item(item: str) -> responses.JSONResponse:
        """An item's caption, labels and metadata."""
        with _refusals():
            return _json(_shown(service.items.find(item)))

    @app.post(
        "/items",
        status_code=201,
        responses={201: {"model": forms.AddAnswer}},
        openapi_extra={"requestBody": _add_body()},
    )
    async def add(request: fastapi.Request) -> responses.JSONResponse:
        """Adds pictures, all or none; they are on disk when this answers."""
        with _refusals():
            added = await _new_items(service, request)
            items = await concurrency.run_in_threadpool(service.add, added)
        shown = [_shown(item) | {"notes": list(notes)} for item, notes in items]
        return _json({"items": shown}, 201)

    @app.delete("/items/{item:path}", status_code=204)
    def remove(item: str) -> responses.Response:
        """Removes an item; that is on disk when this answers."""
        with _refusals():
            service.items.remove(item)
        return responses.Response(status_code=204)


async def _new_items(
    service: Service, request: fastapi.Request
) -> list[NewItem]:
    form = request.form(
        max_files=service.limits.pictures, max_fields=_MOST_FIELDS
    )
    async with form as fields:
        files = [
            await one.read()
            for one in fields.getlist("picture")
            if not isinstance(one, str)
        ]
        captions, ids, labels = (
            forms.texts(fields, name) for name in ("caption", "id", "labels")
        )
        metadata = forms.metadata(fields)
    for name, given in (("caption", captions), ("id", ids)):
        if given and len(given) != len(files):
            raise ValueError(
                f"Give one {name} a picture or none at all; received "
                f"{len(given)} for {len(files)} pictures."
            )
    return [
        NewItem(content, caption, item, tuple(labels), metadata)
        for content, caption, item in zip(
            files,
            captions or [""] * len(files),
            ids or [""] * len(files),
            strict=True,
        )
    ]


def _add_pages(app, service, access, monitor) -> None:
    @app.get("/", include_in_schema=False)
    def page() -> responses.Response:
        return _page("page.html")

    @app.get("/docs", include_in_schema=False)
    def docs() -> responses.Response:
        return _page("docs.html")

    @app.get("/about")
    def about() -> responses.JSONResponse:
        """What is served, and what may be asked."""
        return _json(
            {
                "run": _name(service),
                "bits": service.finished.bits,
                "items": len(service.items),
                "labels": service.items.row_filter.label_names,
                "takes_pictures": service.finished.data.extractor is not None,
                "needs_token": bool(access.token),
                "limits": {
                    "k": service.limits.k,
                    "pictures": service.limits.pictures,
                    "upload_bytes": service.limits.upload_bytes,
                },
            }
        )

    @app.get("/healthz")
    def healthz() -> responses.JSONResponse:
        """Says that the service answers."""
        return _json({"status": "ok"})

    @app.get("/metrics", response_class=responses.PlainTextResponse)
    def metrics() -> responses.Response:
        """Figures in Prometheus's text form."""
        return responses.Response(
            monitor.text(len(service.items)),
            media_type="text/plain; version=0.0.4; charset=utf-8",
        )


def _handle_errors(app: fastapi.FastAPI) -> None:
    @app.exception_handler(exceptions.HTTPException)
    async def refuse(request, error):
        sentence = str(error.detail)
        if error.status_code in _STANDARD and not sentence.endswith("."):
            sentence = _STANDARD[error.status_code]
        return _error(error.status_code, sentence, error.headers)

    @app.exception_handler(fastapi_exceptions.RequestValidationError)
    async def refuse_request(request, error):
        return _error(400, f"The request is wrong: {error.errors()[0]['msg']}.")

    @app.exception_handler(Exception)
    async def fail(request, error):
        logging.error("A request failed", exc_info=error)
        return _error(500, "The service failed; its log says why.")


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """Turns what is wrong with a request into its status and a sentence."""
    try:
        yield
    except pydantic.ValidationError as error:
        raise exceptions.HTTPException(400, forms.sentence(error)) from error
    except MissingError as error:
        raise exceptions.HTTPException(404, str(error)) from error
    except collection.TakenError as error:
        raise exceptions.HTTPException(409, str(error)) from error
    except ValueError as error:
        raise exceptions.HTTPException(400, str(error)) from error
    except (batching.BusyError, OSError) as error:
        raise exceptions.HTTPException(503, str(error)) from error


def _error(status, sentence, headers=None) -> responses.JSONResponse:
    return _json({"error": sentence}, status, headers)


def _json(content, status=200, headers=None) -> responses.JSONResponse:
    return responses.JSONResponse(
        content, status, {**_HEADERS, **(headers or {})}
    )


def _file(request, item: Item, read) -> responses.Response:
    """A picture, unless the asker has it already."""
    # A number is never used again.
    tag = f'"{item.number}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", **_HEADERS}
    if request.headers.get("if-none-match") == tag:
        return responses.Response(status_code=304, headers=headers)
    media_type, content = read()
    # What is opened alone is a picture and nothing else.
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return responses.Response(content, media_type=media_type, headers=headers)


def _page(name: str) -> responses.Response:
    """A page of this folder that runs its own script and loads nothing."""
    content = (_FOLDER / name).read_bytes()
    script = re.search(rb"<script>(.*?)</script>", content, re.DOTALL)[1]
    style = re.search(rb"<style>(.*?)</style>", content, re.DOTALL)[1]
    policy = (
        f"default-src 'none'; script-src {_source(script)}; "
        f"style-src {_source(style)}; connect-src 'self'; "
        "img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy, **_HEADERS}
    return responses.Response(content, media_type="text/html", headers=headers)


def _source(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _shown(item: Item) -> dict:
    address = f"/items/{parse.quote(item.id)}"
    return {
        "id": item.id,
        "caption": item.caption,
        "labels": list(item.labels),
        "metadata": dict(item.metadata),
        "added": item.added,
        "picture": f"{address}/picture",
        "thumbnail": f"{address}/thumbnail",
    }


def _name(service: Service) -> str:
    return service.finished.directory.resolve().name


def _search_body() -> dict:
    schema = forms.SearchRequest.model_json_schema()
    form = {**schema, "properties": schema["properties"] | _PICTURE}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": schema},
            "multipart/form-data": {"schema": form},
        },
    }


def _add_body() -> dict:
    text = {"type": "string"}
    several = {"type": "array", "items": text}
    properties = {
        "picture": {"type": "array", "items": _PICTURE["picture"]},
        "caption": {**several, "description": "One a picture, or none."},
        "id": {**several, "description": "One a picture, or none."},
        "labels": {**several, "description": "Of all these pictures."},
        "metadata": {**text, "description": "A JSON object of texts."},
    }
    schema = {
        "type": "object",
        "properties": properties,
        "required": ["picture"],
    }
    return {
        "required": True,
        "content": {"multipart/form-data": {"schema": schema}},
    }
