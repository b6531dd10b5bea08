"""What requests and answers of the service hold."""

import json
from typing import Annotated
from typing import Any
from typing import Literal

import pydantic

Modality = Literal["image", "text"]


class SearchRequest(pydantic.BaseModel):
    """A question, asked with one of `text`, `item`, `vector` and `code`.

    A picture asks in their place: send the same fields as a form, and the file
    as `picture`.
    """

    model_config = pydantic.ConfigDict(extra="forbid")

    text: Annotated[str | None, pydantic.Field(description="Words.")] = None
    item: Annotated[
        str | None, pydantic.Field(description="Id of an item.")
    ] = None
    vector: Annotated[
        list[float] | None,
        pydantic.Field(
            description="Image features, as the run's data set has them."
        ),
    ] = None
    code: Annotated[
        str | None,
        pydantic.Field(
            description="Packed code in hexadecimal digits, as an answer has."
        ),
    ] = None
    ask_with: Annotated[
        Modality, pydantic.Field(description="Which half of an item asks.")
    ] = "image"
    target: Annotated[
        Modality,
        pydantic.Field(description="Of which half codes are compared."),
    ] = "image"
    k: Annotated[
        int, pydantic.Field(ge=1, description="Most results of the answer.")
    ] = 20
    radius: Annotated[
        int | None,
        pydantic.Field(ge=0, description="Largest Hamming distance."),
    ] = None
    labels: Annotated[
        list[str], pydantic.Field(description="A result has all of them.")
    ] = []
    metadata: Annotated[
        dict[str, str],
        pydantic.Field(description="Value of columns; a result has all."),
    ] = {}

    def asked_with(self) -> list[str]:
        """Which of the fields that ask are given."""
        names = ("text", "item", "vector", "code")
        return [name for name in names if getattr(self, name) is not None]


class ItemAnswer(pydantic.BaseModel):
    """An item."""

    id: str
    caption: str
    labels: list[str]
    metadata: dict[str, str]
    added: bool
    picture: str
    thumbnail: str


class Result(ItemAnswer):
    """An item that was found."""

    distance: int


class SearchAnswer(pydantic.BaseModel):
    """What was found, nearest first."""

    results: list[Result]
    code: str
    notes: list[str]


class AddedItem(ItemAnswer):
    """An item that is on disk and found from now on."""

    notes: list[str]


class AddAnswer(pydantic.BaseModel):
    """What was added."""

    items: list[AddedItem]


class ErrorAnswer(pydantic.BaseModel):
    """Why something was not done, in a sentence."""

    error: str


def search_fields(form: Any) -> dict[str, Any]:
    """A form's fields as those of a `SearchRequest`.

    Raises:
        ValueError: `metadata` is no JSON.
    """
    fields: dict[str, Any] = {
        name: value for name, value in form.items() if isinstance(value, str)
    }
    if "labels" in fields:
        fields["labels"] = texts(form, "labels")
    if "metadata" in fields:
        fields["metadata"] = metadata(form)
    return fields


def texts(form: Any, name: str) -> list[str]:
    """All texts of a form's field."""
    return [text for text in form.getlist(name) if isinstance(text, str)]


def metadata(form: Any) -> dict[str, str]:
    """A form's `metadata`, a JSON object of texts.

    Raises:
        ValueError: It is something else.
    """
    text = form.get("metadata") or "{}"
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(
        isinstance(value, str) for value in found.values()
    ):
        raise ValueError(
            "`metadata` is a JSON object of texts, such as "
            f'{{"shelf": "3"}}; received {str(text)[:80]!r}.'
        )
    return found


def sentence(error: pydantic.ValidationError) -> str:
    """What is wrong with a request, in one sentence."""
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"])) or "the request"
    received = f"{first.get('input')!r}"[:80]
    reason = first["msg"][:1].lower() + first["msg"][1:]
    return f"`{place}`: {reason}, received {received}."
