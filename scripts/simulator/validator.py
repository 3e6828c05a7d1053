"""Checks what a bot sends to LINE: the specification's schema first, then what only LINE's reference pages say.

`message_problems` is for anyone who builds messages and wants to know, without a server, whether LINE would take them.
"""

import re
from collections.abc import Iterator, Mapping

from scripts.simulator.message_rules import message_rules
from scripts.simulator.problems import JSON, Problem
from scripts.simulator.spec_schema import MESSAGING_API, WEBHOOK, load_operations, schema_problems

RETRY_KEY_HEADER = "X-Line-Retry-Key"
RETRYABLE = frozenset(f"/v2/bot/message/{operation}" for operation in ("push", "multicast", "narrowcast", "broadcast"))
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EDITED = "messageEdited"


def message_problems(message: object) -> list[str]:
    """Return why LINE would refuse this message object, one line a reason; empty: LINE would take it."""
    return [str(problem) for problem in _message(message)]


def request_problems(method: str, path_template: str, body: object) -> list[Problem]:
    """Return why LINE would refuse this body for this operation, e.g. ("POST", "/v2/bot/message/reply")."""
    schema = load_operations(MESSAGING_API)[method, path_template]
    problems = schema_problems(MESSAGING_API, schema, body)
    if problems or not isinstance(body, dict):
        return problems
    for index, message in enumerate(body.get("messages", ())):
        problems += [problem.under("messages", index) for problem in message_rules(message)]
    return problems + list(_body_rules(body))


def header_problem(path_template: str, headers: Mapping[str, str]) -> str | None:
    """Return why LINE would refuse the request's headers. A retry key is for push and its kin alone."""
    key = headers.get(RETRY_KEY_HEADER)
    if key is None:
        return None
    if path_template not in RETRYABLE:
        return f"The request header '{RETRY_KEY_HEADER}' is not supported by this API"
    if not _UUID.fullmatch(key):
        return f"The request header '{RETRY_KEY_HEADER}' is invalid"
    return None


def webhook_problems(body: object) -> list[Problem]:
    """Return where a webhook body differs from LINE's specification, so that the simulator cannot send nonsense.

    `messageEdited` is missing there; LINE's SDK gives it a message event's shape, and so it is checked as one.
    """
    if isinstance(body, dict) and isinstance(body.get("events"), list):
        events = [
            {**event, "type": "message"} if isinstance(event, dict) and event.get("type") == _EDITED else event
            for event in body["events"]
        ]
        body = {**body, "events": events}
    return schema_problems(WEBHOOK, "CallbackRequest", body)


def _message(message: object) -> list[Problem]:
    problems = schema_problems(MESSAGING_API, "Message", message)
    return problems or (list(message_rules(message)) if isinstance(message, dict) else [])


def _body_rules(body: JSON) -> Iterator[Problem]:
    if body.get("loadingSeconds", 5) % 5:
        yield Problem(("loadingSeconds",), "must be a multiple of 5")
    if isinstance(body.get("to"), list) and len(set(body["to"])) < len(body["to"]):
        yield Problem(("to",), "may not name one user twice")
