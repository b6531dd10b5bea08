"""A search service over a finished run: items, their codes, HTTP and a page.

`Service` is all of it but HTTP; `application.build` puts that around it and
needs the `serve` extra.
"""

from experiments.serve.filters import Filter
from experiments.serve.items import Item
from experiments.serve.items import MissingError
from experiments.serve.items import NewItem
from experiments.serve.limits import Limits
from experiments.serve.queries import Answer
from experiments.serve.queries import Query
from experiments.serve.service import Service
from experiments.serve.store import Store

__all__ = (
    "Answer",
    "Filter",
    "Item",
    "Limits",
    "MissingError",
    "NewItem",
    "Query",
    "Service",
    "Store",
)
