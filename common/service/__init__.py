"""A search service over a finished run: items, their codes, HTTP and a page.

`Service` is all of it but HTTP; `application.build` puts that around it and
needs the `serve` extra.
"""

from common.service.filters import Filter
from common.service.items import Item
from common.service.items import MissingError
from common.service.items import NewItem
from common.service.limits import Limits
from common.service.queries import Answer
from common.service.queries import Query
from common.service.service import Service
from common.service.store import Store

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
