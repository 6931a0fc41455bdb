# SPDX-License-Identifier: Apache-2.0
"""What Prometheus reads: the node's own counters and those of the edge, collected when it asks."""

import time
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.types import Receive, Scope, Send

from comity.app.edge import Requests
from comity.app.events import Events
from comity.app.query import none
from comity.app.reply import Reply
from comity.node import Node
from comity.node.writer import COMMIT_BOUNDS


class Collected:
    """A collector in the sense of prometheus_client."""

    def __init__(self, node: Node, requests: Requests, events: Events) -> None:
        self.node = node
        self.requests = requests
        self.events = events

    def collect(self) -> Iterator[Metric]:
        """All metrics as they are now."""
        yield from self._record()
        yield from self._writer()
        yield from self._http()

    def _record(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("comity_failed", "1 when the node has stopped for good", bool(self.node.failed))
        if self.node.failed:
            return
        head = self.node.head
        yield GaugeMetricFamily("comity_record_size", "Entries in the record", head.size)
        age = max(0.0, time.time() - head.stamp / 1000)
        yield GaugeMetricFamily("comity_stamp_age_seconds", "Time since the stamp of the last entry", age)

    def _writer(self) -> Iterator[Metric]:
        counters = self.node.counters
        yield CounterMetricFamily("comity_acts", "Acts logged since the start", counters.acts)
        yield CounterMetricFamily("comity_batches", "Batches committed since the start", counters.batches)
        refusals = CounterMetricFamily("comity_refusals", "Acts refused since the start", labels=["code"])
        for code, number in sorted(counters.refusals.items()):
            refusals.add_metric([code], number)
        yield refusals
        yield GaugeMetricFamily("comity_queue_depth", "Envelopes that wait for the writer", self.node.depth)
        yield GaugeMetricFamily("comity_writable", "1 while acts are taken", self._writable())
        yield CounterMetricFamily("comity_duplicates", "Acts that were on the record before", counters.duplicates)
        yield CounterMetricFamily("comity_busy", "Submissions turned away for a full queue", counters.busy)
        within = zip((*map(str, COMMIT_BOUNDS), "+Inf"), accumulate(counters.commits), strict=True)
        yield HistogramMetricFamily(
            "comity_commit_seconds", "Time to commit a batch", buckets=list(within), sum_value=counters.commit_seconds
        )

    def _writable(self) -> bool:
        return not self.node.failed and self.node.unwritable is None

    def _http(self) -> Iterator[Metric]:
        answered = CounterMetricFamily(
            "comity_http_requests", "Requests answered", labels=["route", "method", "status"]
        )
        for (route, method, status), number in sorted(self.requests.answered.items()):
            answered.add_metric([route, method, str(status)], number)
        yield answered
        seconds = CounterMetricFamily("comity_http_seconds", "Time spent on requests", labels=["route"])
        for route, spent in sorted(self.requests.seconds.items()):
            seconds.add_metric([route], spent)
        yield seconds
        yield GaugeMetricFamily("comity_event_readers", "Readers of server-sent events", self.events.readers)


class Metrics:
    """The endpoint."""

    def __init__(self, node: Node, requests: Requests, events: Events) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(Collected(node, requests, events))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        none(scope["query_string"])
        reply = Reply(
            200, generate_latest(self.registry), CONTENT_TYPE_LATEST.encode(), ((b"cache-control", b"no-store"),)
        )
        await reply(scope, receive, send)
