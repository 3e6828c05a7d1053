"""Structured logs that cannot tell on anyone: a static event name, identifiers and numbers, nothing else.

The wording of an exception may repeat what a person wrote (a database error quotes its parameters), so an exception is
logged as its class and the places it passed through, never its message. What libraries log is reduced the same way.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

EventDict = MutableMapping[str, Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

MAX_VALUE_CHARACTERS = 200
MAX_FRAMES = 12
ROOT = Path(__file__).resolve().parent.parent


def configure_logs(level: str = "info", style: Literal["json", "console"] = "json") -> None:
    """Send every log line of this process, ours and the libraries', to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_exception,
        keep_scalars,
    ]
    renderer = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[reduce_library_message, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler, *(other for other in root.handlers if type(other) not in REPLACED)]
    root.setLevel(logging.INFO)
    for name in ("bot", "storage", "retrieval", "moderation", "scripts"):
        logging.getLogger(name).setLevel(level.upper())
    for noisy in ("aiohttp.access", "apscheduler", "alembic", "asyncio", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _Handler(logging.StreamHandler[TextIO]):
    """Ours: configuring again replaces it."""


REPLACED = (_Handler, logging.StreamHandler)


def describe_exception(logger: object, method: str, event_dict: EventDict) -> EventDict:
    """Replace an exception by its class, its causes' classes, and where it came through."""
    info = _to_exc_info(event_dict.pop("exc_info", None))
    if info is not None:
        event_dict["error"] = describe_classes(info[1])
        event_dict["trace"] = " < ".join(describe_frames(info[2]))
    return event_dict


def describe_classes(error: BaseException) -> str:
    """`sqlalchemy.exc.IntegrityError from sqlite3.IntegrityError`."""
    names, seen = [], set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        names.append(class_name(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return " from ".join(names)


def class_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def describe_frames(trace: TracebackType | None) -> list[str]:
    """`bot/dispatch.py:88 handle`, innermost first."""
    frames = traceback.extract_tb(trace)[-MAX_FRAMES:]
    return [f"{_short_path(frame.filename)}:{frame.lineno} {frame.name}" for frame in reversed(frames)]


def keep_scalars(logger: object, method: str, event_dict: EventDict) -> EventDict:
    """The last guard: an object that slipped in is shown as its type, a long value is not shown at all."""
    for name, value in event_dict.items():
        if name.startswith("_") or name == "trace" or value is None or isinstance(value, (bool, int, float)):
            continue
        if not isinstance(value, str):
            event_dict[name] = f"<{type(value).__name__}>"
        elif len(value) > MAX_VALUE_CHARACTERS:
            event_dict[name] = f"<{len(value)} characters>"
    return event_dict


def reduce_library_message(logger: object, method: str, event_dict: EventDict) -> EventDict:
    """Keep a library's template without what it would fill in, and of that the first line."""
    record: logging.LogRecord = event_dict["_record"]
    event_dict["event"] = str(record.msg).partition("\n")[0][:MAX_VALUE_CHARACTERS]
    event_dict["logger"] = record.name
    return event_dict


def _to_exc_info(value: object) -> ExcInfo | None:
    if isinstance(value, BaseException):
        return type(value), value, value.__traceback__
    if isinstance(value, tuple):
        return value if value[0] is not None else None
    if not value:
        return None
    kind, error, trace = sys.exc_info()
    return (kind, error, trace) if kind is not None and error is not None else None


def _short_path(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(ROOT))
    return "/".join(path.parts[-2:])
