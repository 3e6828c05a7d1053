"""How long each step of an answer takes, from the `/metrics` of a server that runs.

    python -m scripts.bench.steps http://localhost:8080 [--token METRICS_TOKEN]

Percentiles are read between a histogram's bounds, and as exact as those lie near each other.
"""

import argparse
import urllib.request
from collections.abc import Mapping, Sequence

from prometheus_client.parser import text_string_to_metric_families

Buckets = Sequence[tuple[float, float]]
"""Upper bound in seconds, and how many took no longer."""

STEPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "webhook on disk": ("chaming_store_seconds", {}),
    "webhook read until taken up": ("chaming_step_seconds", {"step": "wait"}),
    "matches there": ("chaming_step_seconds", {"step": "match"}),
    "whole match, where more than a near copy was wanted": ("chaming_match_seconds", {}),
    "articles read": ("chaming_step_seconds", {"step": "read"}),
    "decided and drawn": ("chaming_step_seconds", {"step": "render"}),
    "handler, all of these": ("chaming_handle_seconds", {"kind": "TextMessage"}),
    "reply call": ("chaming_line_seconds", {"call": "reply"}),
    "written down, after the answer": ("chaming_step_seconds", {"step": "finish"}),
    "**webhook read until the reply call**": ("chaming_webhook_to_reply_seconds", {}),
}
"""What is shown, in the order of a message's path: a histogram and its labels."""


def read_metrics(url: str, token: str | None = None) -> str:
    """Return what `/metrics` says."""
    request = urllib.request.Request(f"{url.rstrip('/')}/metrics")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        said: bytes = answer.read()
    return said.decode()


def find_buckets(metrics: str, name: str, labels: Mapping[str, str]) -> Buckets:
    """Return the buckets of one histogram, the smallest first; none when nothing was counted."""
    return sorted(
        (float(sample.labels["le"]), sample.value)
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
        if sample.name == f"{name}_bucket" and labels.items() <= sample.labels.items()
    )


def percentile(buckets: Buckets, share: float) -> float:
    """Return about how many seconds that share of them took at most."""
    wanted = share * buckets[-1][1]
    below, count_below = 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted and count > count_below:
            reached = (wanted - count_below) / (count - count_below)
            return below if bound == float("inf") else below + reached * (bound - below)
        below, count_below = bound, count
    return below


def print_steps(metrics: str) -> None:
    """Print the table of steps that were counted."""
    print("| step | n | p50 ms | p99 ms |\n|---|---:|---:|---:|")
    for step, (name, labels) in STEPS.items():
        buckets = find_buckets(metrics, name, labels)
        if buckets and buckets[-1][1]:
            shown = [f"{percentile(buckets, share) * 1000:.2f}" for share in (0.5, 0.99)]
            print(f"| {step} | {buckets[-1][1]:.0f} | {' | '.join(shown)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="where the server is")
    parser.add_argument("--token", help="METRICS_TOKEN, where one is set")
    options = parser.parse_args()
    print_steps(read_metrics(options.url, options.token))


if __name__ == "__main__":
    main()
