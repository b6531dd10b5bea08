"""Figures of the service in Prometheus's text form."""

import time
from typing import Any

import prometheus_client


class Monitor:
    """Counts requests and batches.

    Attributes:
        registry: All figures, those of the process among them.
    """

    def __init__(self):
        self.registry = prometheus_client.CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self.registry)
        self._requests = prometheus_client.Counter(
            "cmh_requests",
            "Requests, by what was asked and the answer's status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = prometheus_client.Histogram(
            "cmh_request_seconds",
            "Seconds from a request to its answer.",
            ("method", "route"),
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5),
            registry=self.registry,
        )
        self._batches = prometheus_client.Histogram(
            "cmh_batch_queries",
            "Queries that were answered by one scan.",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=self.registry,
        )
        self._items = prometheus_client.Gauge(
            "cmh_items", "Items that can be found.", registry=self.registry
        )

    def batch(self, queries: int) -> None:
        """Counts a batch."""
        self._batches.observe(queries)

    def text(self, items: int) -> bytes:
        """All figures.

        Args:
            items: Number of items.
        """
        self._items.set(items)
        return prometheus_client.generate_latest(self.registry)

    def request(self, method, route, status, seconds) -> None:
        """Counts a request."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)


class Watched:
    """An ASGI application whose requests are counted."""

    def __init__(self, app: Any, monitor: Monitor):
        self._app = app
        self._monitor = monitor

    async def __call__(self, scope, receive, send):
        """Hands a request on and counts it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def watched(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            # Of what strangers may make up, one stands for all.
            method = scope["method"] if route != "none" else "any"
            seconds = time.perf_counter() - began
            self._monitor.request(method, route, status, seconds)
