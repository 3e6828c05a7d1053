"""Counters and histograms for each step of a message's path, in Prometheus' format.

Labels are stable words (kinds, outcomes, error classes), never an id, so that their number stays small and no one
can be told from them. Each process has a registry of its own: tests and several apps in one process do not mix.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

ANSWER_BUCKETS = (
    0.005, 0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.025, 0.035, 0.05, 0.075, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 10, 60
)  # fmt: skip
STEP_BUCKETS = (
    0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005,
    0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.03, 0.05, 0.1, 0.2, 1, 5,
)  # fmt: skip
STORE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 1, 2)


class Metrics:
    """What `/metrics` shows. The path: received → stored → claimed → matched → rendered → replied."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count_webhooks()
        self._count_handling()
        self._count_line()
        self._count_index()
        self._count_drift()
        self._count_notices()

    def _count_webhooks(self) -> None:
        self.webhooks = self._counter("chaming_webhooks", "Webhook requests by result", "result")
        self.events_received = self._counter("chaming_events_received", "Events in webhooks with a good signature")
        self.events_dropped = self._counter("chaming_events_dropped", "Events of a flood, not stored")
        self.events_stored = self._counter("chaming_events_stored", "Events new to the inbox and claimed at once")
        self.store_seconds = self._histogram(
            "chaming_store_seconds", "Until a group of events is on disk, from the first of it", STORE_BUCKETS
        )

    def _count_handling(self) -> None:
        self.events_claimed = self._counter("chaming_events_claimed", "Inbox rows taken up", "how")
        self.events_finished = self._counter("chaming_events_finished", "Events done, by outcome", "kind", "outcome")
        self.event_errors = self._counter("chaming_event_errors", "Attempts that failed", "kind", "error")
        self.events_dead = self._counter("chaming_events_dead", "Events given up after the last attempt", "kind")
        self.match_seconds = self._histogram(
            "chaming_match_seconds", "Text to ranked matches, where a near copy was not enough", ANSWER_BUCKETS
        )
        self.matches = self._counter("chaming_matches", "Matchings by the best match's band", "band")
        self.step_seconds = self._histogram(
            "chaming_step_seconds",
            "A step of an answer. wait: webhook read until its event is taken up. match: until the matches are there. "
            "read: the articles found. render: decided and drawn. finish: written down, after the answer",
            STEP_BUCKETS,
            "step",
        )
        self.handle_seconds = self._histogram(
            "chaming_handle_seconds", "Handler run: matched, decided and rendered", ANSWER_BUCKETS, "kind"
        )
        self.answer_seconds = self._histogram(
            "chaming_webhook_to_reply_seconds", "Webhook received until LINE was called with the answer", ANSWER_BUCKETS
        )
        self.inbox_depth = Gauge(
            "chaming_inbox_events", "Unfinished inbox rows by state", ["state"], registry=self.registry
        )

    def _count_line(self) -> None:
        self.line_calls = self._counter("chaming_line_calls", "Calls of LINE's API by result", "call", "result")
        self.line_seconds = self._histogram("chaming_line_seconds", "Time LINE's API took", ANSWER_BUCKETS, "call")

    def _count_index(self) -> None:
        self.index_changes = self._counter("chaming_index_changes", "Articles taken into the running index")
        self.index_errors = self._counter("chaming_index_errors", "Articles the index follower could not take in")
        self.index_seq = Gauge("chaming_index_seq", "Change-log number the index has reached", registry=self.registry)
        self.index_entries = Gauge("chaming_index_entries", "Entries in the index", registry=self.registry)
        self.index_lag_seconds = self._histogram(
            "chaming_index_lag_seconds", "Article published until it is matched here", ANSWER_BUCKETS
        )
        self.ready = Gauge("chaming_ready", "1 once model and index are loaded", registry=self.registry)

    def _count_drift(self) -> None:
        self.drift_value = Gauge(
            "chaming_drift_value", "The last day's figure of the nightly drift job", ["measure"], registry=self.registry
        )
        self.drift_flagged = Gauge(
            "chaming_drift_flagged",
            "1 where that figure left what chance explains, against the weeks before",
            ["measure"],
            registry=self.registry,
        )

    def _count_notices(self) -> None:
        self.notices_made = self._counter("chaming_notices_made", "Notices made for people who had asked")
        self.notices_told = self._counter(
            "chaming_notices_told", "Notices told: with a reply, by a push, or seen in an answer", "kind", "way"
        )
        self.notices_expired = self._counter("chaming_notices_expired", "Notices nobody could be told in time")
        self.notices_pending = Gauge("chaming_notices_pending", "Notices not told yet", registry=self.registry)
        self.push_quota_left = Gauge(
            "chaming_push_quota_left", "Pushes the budget allows at the moment", ["kind"], registry=self.registry
        )

    def render(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, about, labels, buckets=buckets, registry=self.registry)
