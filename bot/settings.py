"""The settings, and the only place that reads the environment and `.env`.

A malformed setting stops the start with one line that names it and gives an example. `.env.example` lists them all.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.key_files import SECRET_KEY_FILE, load_or_make_key, make_secret_key
from moderation.thresholds import DEFAULT, Thresholds

DEFAULT_MODEL = "intfloat/multilingual-e5-small"
"""The encoder that a registry package carries; see `retrieval/bundled_model.py`."""

MIN_SECRET_KEY = 16

URL_PATTERN = r"^https?://[^\s/?#]+[^\s?#]*$"
NUMBER_PATTERN = r"^[0-9]+$"
TOKEN_PATTERN = r"^[!-~]+$"
"""What can stand in a header: a token pasted with a line break, or with the words around it, fails at once."""
IN_WORDS = {
    TOKEN_PATTERN: "takes ASCII letters, digits and signs only, no spaces",
    URL_PATTERN: "begins with http:// or https://, has a host, and neither spaces nor ? or #",
    NUMBER_PATTERN: "takes digits only",
}
WEBHOOK_PATH = "/callback"
HOUR = r"([01]?[0-9]|2[0-3])"
QUIET_HOURS_PATTERN = rf"^{HOUR}-{HOUR}$"


class SettingsError(Exception):
    """A setting is missing or malformed; the message is one line that names it and gives an example."""

    def __init__(self, problem: str, *others: str) -> None:
        super().__init__(problem)
        self.problems = (problem, *others)
        """The same of each setting that is wrong."""


def setting(name: str, example: str, default: Any = None, **constraints: Any) -> Any:
    """A field read from the environment variable `name`; `example` is what an error message shows."""
    return Field(default, validation_alias=name, examples=[example], validate_default=True, **constraints)


class Settings(BaseSettings):
    """Everything that can be set from outside. Frozen; made by `load_settings`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    line_channel_secrets: Annotated[tuple[Annotated[str, Field(pattern=TOKEN_PATTERN)], ...], NoDecode] = setting(
        "LINE_CHANNEL_SECRET", "0123…cdef (32 hex digits)", (), repr=False
    )
    """Webhook signatures are checked against each: two while one is being rotated, comma-separated."""
    line_channel_access_token: str | None = setting(
        "LINE_CHANNEL_ACCESS_TOKEN", "the long-lived token of the console", pattern=TOKEN_PATTERN, repr=False
    )
    line_channel_id: str | None = setting("LINE_CHANNEL_ID", "1234567890", pattern=NUMBER_PATTERN)
    """With it, short-lived stateless tokens are issued instead of using a long-lived one."""
    line_api_url: str = setting("LINE_API_URL", "https://api.line.me", "https://api.line.me", pattern=URL_PATTERN)
    line_data_url: str = setting(
        "LINE_DATA_URL", "https://api-data.line.me", "https://api-data.line.me", pattern=URL_PATTERN
    )
    data_dir: Path = setting("DATA_DIR", "./data", Path("data"))
    database_url: str = setting("DATABASE_URL", "postgresql+asyncpg://user:password@host/chaming", "", repr=False)
    index_url: str = setting("INDEX_URL", "faiss:", "faiss:", pattern=r"^faiss:$")
    model: str = setting("MODEL", DEFAULT_MODEL, DEFAULT_MODEL, min_length=1)
    encoder_threads: int = setting("ENCODER_THREADS", "1", 1, ge=1, le=64)
    secret_key: str = setting("SECRET_KEY", "the output of: openssl rand -hex 32", "", repr=False)
    """Signs sessions and buttons, keys pseudonyms and the inbox's encryption."""
    public_url: str = setting("PUBLIC_URL", "https://bot.example.org", "http://localhost:8080", pattern=URL_PATTERN)
    host: str = setting("HOST", "127.0.0.1", "127.0.0.1", pattern=r"^[^\s/]+$")
    port: int = setting("PORT", "8080", 8080, ge=0, le=65535)
    metrics_token: str | None = setting(
        "METRICS_TOKEN",
        "the output of: openssl rand -hex 32",
        min_length=MIN_SECRET_KEY,
        pattern=TOKEN_PATTERN,
        repr=False,
    )
    """What Prometheus shows as its bearer token to read `/metrics`; without it, who reaches the server may read it."""
    push_expired_replies: bool = setting("PUSH_EXPIRED_REPLIES", "false", False)
    """Answer by push, which costs quota, when the reply token has expired before the answer was ready."""
    notice_after_minutes: int = setting("NOTICE_AFTER_MINUTES", "60", 60, ge=0, le=7 * 24 * 60)
    """How long news for somebody who asked waits for an answer it can go along with, before it is pushed."""
    notice_quiet_hours: str = setting("NOTICE_QUIET_HOURS", "21-8", "21-8", pattern=QUIET_HOURS_PATTERN)
    """From which hour to which nothing is pushed, in Taiwan's time; `0-0`: at any hour something may be."""
    notice_quota_percent: int = setting("NOTICE_QUOTA_PERCENT", "80", 80, ge=0, le=100)
    """How much of the month's quota pushed news may use; 0: nothing is pushed."""
    smtp_url: str | None = setting(
        "SMTP_URL", "smtps://user:password@mail.example.org:465", pattern=r"^smtps?://\S+$", repr=False
    )
    """Where the console's mails go; without it nobody can sign in by e-mail."""
    mail_from: str = setting("MAIL_FROM", "chaming@example.org", "chaming@localhost", pattern=r"^\S+@\S+$")
    line_login_channel_id: str | None = setting("LINE_LOGIN_CHANNEL_ID", "1234567890", pattern=NUMBER_PATTERN)
    """A LINE Login channel of the same provider; with its secret, volunteers can sign in with LINE."""
    line_login_channel_secret: str | None = setting(
        "LINE_LOGIN_CHANNEL_SECRET", "0123…cdef (32 hex digits)", pattern=TOKEN_PATTERN, repr=False
    )
    line_login_url: str = setting(
        "LINE_LOGIN_URL", "https://access.line.me", "https://access.line.me", pattern=URL_PATTERN
    )
    volunteers_may_join: bool = setting("VOLUNTEERS_MAY_JOIN", "true", True)
    """Whether whoever signs in becomes a newcomer; false: only those who were invited may."""
    verification: Annotated[Thresholds, NoDecode] = setting(
        "VERIFICATION", '{"min_ratings": 5, "answer_provisional": false, "lock_after": "P30D"}', DEFAULT
    )
    """The numbers of the verification rule and of trust that differ from the defaults, as JSON."""
    vapid_private_key: str = setting(
        "VAPID_PRIVATE_KEY",
        "32 random bytes, base64url (43 characters)",
        "",
        pattern=r"^([A-Za-z0-9_-]{43})?$",
        repr=False,
    )
    """Signs push messages to volunteers' browsers; without it, and with SQLite, one is made in DATA_DIR."""
    draft_helper_url: str | None = setting("DRAFT_HELPER_URL", "http://localhost:11434/v1", pattern=URL_PATTERN)
    """A language model that proposes to those who write answers: where `/chat/completions` is; none by default."""
    draft_helper_model: str = setting("DRAFT_HELPER_MODEL", "qwen3:8b", "default", min_length=1)
    draft_helper_key: str | None = setting(
        "DRAFT_HELPER_KEY", "the key its provider gave you", pattern=TOKEN_PATTERN, repr=False
    )
    proxies: int = setting("PROXIES", "1", 0, ge=0, le=5)
    """How many proxies before this server add to X-Forwarded-For."""
    instance_name: str = setting("INSTANCE_NAME", "facts.example.org", "", pattern=r"^[^\s/]*$")
    """What releases call this instance, and the source of its rows elsewhere; empty: PUBLIC_URL's host."""
    export_licence: Literal["CC-BY-SA-4.0", "CC-BY-4.0", "CC0-1.0", "ODbL-1.0"] = setting(
        "EXPORT_LICENCE", "CC-BY-SA-4.0", "CC-BY-SA-4.0"
    )
    """The licence of releases, by SPDX identifier."""
    export_attribution: str = setting("EXPORT_ATTRIBUTION", "Example Facts and its volunteers", "")
    """Whom users of a release credit; empty: the instance and its volunteers."""
    chat_limit_per_minute: int = setting("CHAT_LIMIT_PER_MINUTE", "30", 30, ge=0, le=10_000)
    """How many messages and presses of one chat are answered a minute; 0: any number."""
    fetch_link_titles: bool = setting("FETCH_LINK_TITLES", "true", False)
    """Whether the page behind a message that is only a link may be fetched, to look its title up."""
    group_buffer_minutes: int = setting("GROUP_BUFFER_MINUTES", "5", 0, ge=0, le=10)
    """How long a group's texts stay in memory, so that a quoted one can be looked up; 0: not at all."""
    speech_model: str | None = setting("SPEECH_MODEL", "bundled", min_length=1)
    """`bundled`, or a faster-whisper model (a folder, or a name it has loaded before): follows what is said."""
    log_level: Literal["debug", "info", "warning", "error"] = setting("LOG_LEVEL", "info", "info")
    log_format: Literal["json", "console"] = setting("LOG_FORMAT", "json", "json")

    @field_validator("line_channel_secrets", mode="before")
    @classmethod
    def _split_secrets(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("line_api_url", "line_data_url", "line_login_url", "public_url")
    @classmethod
    def _drop_last_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("line_api_url", "line_data_url", "line_login_url", "public_url", "draft_helper_url", "smtp_url")
    @classmethod
    def _check_address(cls, value: str | None) -> str | None:
        try:
            parts = urlsplit(value or "")
            has_host = bool(parts.hostname) and parts.port != 0
        except ValueError:
            has_host = False
        if value and not has_host:
            raise ValueError("has no host, or a port that is none")
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        if value.endswith(WEBHOOK_PATH):
            raise ValueError(f"is the webhook's address; leave {WEBHOOK_PATH} away")
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: str) -> str:
        # Hosting platforms hand out `postgres://…`; it names the same server.
        for plain in ("postgres://", "postgresql://"):
            value = value.replace(plain, "postgresql+asyncpg://", 1) if value.startswith(plain) else value
        if value and not value.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
            raise ValueError("must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://")
        try:
            url = make_url(value) if value else None
        except (ArgumentError, ValueError):
            raise ValueError("cannot be read: is its port a number, are signs in its password %-encoded?") from None
        # PostgreSQL takes the one that is called like the user, where none is named.
        if url and url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
            raise ValueError("names no database")
        return value

    @field_validator("verification", mode="before")
    @classmethod
    def _read_thresholds(cls, value: object) -> object:
        changed = json.loads(value) if isinstance(value, str) else value
        known = {field.name for field in fields(Thresholds)}
        if isinstance(changed, dict) and (unknown := sorted(changed.keys() - known)):
            raise ValueError(f"there is no {unknown[0]} in moderation/thresholds.py")
        return changed

    @field_validator("secret_key")
    @classmethod
    def _check_secret_key(cls, value: str) -> str:
        if value and len(value.strip()) < MIN_SECRET_KEY:
            raise ValueError(f"needs at least {MIN_SECRET_KEY} characters")
        return value

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        """Set what depends on other settings; the model is frozen for everybody else."""
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite+aiosqlite:///{self.data_dir / 'chaming.db'}")
        if not self.secret_key and self.uses_sqlite:
            object.__setattr__(self, "secret_key", self._find_own_key())
        return self

    def _find_own_key(self) -> str:
        return load_or_make_key(self.data_dir / SECRET_KEY_FILE, make_secret_key)

    @property
    def releases_dir(self) -> Path:
        """Where the scheduled job publishes to and the pages serve from."""
        return self.data_dir / "releases"

    @property
    def index_dir(self) -> Path:
        """Where the snapshots of the search index lie."""
        return self.data_dir / "index"

    @property
    def quiet_hours(self) -> tuple[int, int]:
        """First quiet hour, and first one that no longer is."""
        begin, end = self.notice_quiet_hours.split("-")
        return int(begin), int(end)

    @property
    def public_instance_name(self) -> str:
        """The name under which this instance's rows leave it."""
        return self.instance_name or urlsplit(self.public_url).netloc

    @property
    def has_line(self) -> bool:
        """Whether LINE can be called at all."""
        return bool(self.line_channel_access_token or self.line_channel_id)

    @property
    def uses_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


class SettingsOfEmptyFolder(Settings):
    """For putting a backup back, which brings its own key: an empty `secret_key` where none is there, and none made."""

    def _find_own_key(self) -> str:
        path = self.data_dir / SECRET_KEY_FILE
        return path.read_text().strip() if path.exists() else ""


def load_settings(*, require_line: bool = False, make_key: bool = True) -> Settings:
    """Read the environment and `.env`; raise SettingsError naming what is missing or malformed."""
    try:
        settings = Settings() if make_key else SettingsOfEmptyFolder()
    except ValidationError as error:
        raise SettingsError(*_describe(error)) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f".env is not UTF-8 text ({error.reason}). Example: cp .env.example .env") from None
    except OSError as error:
        raise SettingsError(f"DATA_DIR cannot be used ({error.strerror}). Example: DATA_DIR=./data") from None
    if not settings.secret_key and make_key:
        raise _missing("secret_key", "is required unless the database is SQLite")
    if require_line:
        _check_line(settings)
    return settings


def _check_line(settings: Settings) -> None:
    if not settings.line_channel_secrets:
        raise _missing("line_channel_secrets", "is required: it is on the channel's “Basic settings” page")
    if not (settings.line_channel_access_token or settings.line_channel_id):
        raise _missing(
            "line_channel_access_token", "(or LINE_CHANNEL_ID) is required: see the console’s “Messaging API”"
        )


def _missing(field: str, why: str) -> SettingsError:
    name, example = _name_and_example(field)
    return SettingsError(f"{name} {why}. Example: {name}={example}")


def _describe(error: ValidationError) -> list[str]:
    """One line for each thing wrong. The value itself is not repeated: it may be a secret."""
    return [_describe_one(one) for one in error.errors(include_input=False, include_url=False)]


def _describe_one(error: ErrorDetails) -> str:
    name, example = _name_and_example(str(error["loc"][0]))
    part = f"{error['loc'][1]}: " if len(error["loc"]) > 1 and name == "VERIFICATION" else ""
    why = IN_WORDS.get(error.get("ctx", {}).get("pattern", ""), error["msg"].removeprefix("Value error, "))
    return f"{name} is malformed ({part}{why}). Example: {name}={example}"


def _name_and_example(field_or_alias: str) -> tuple[str, str]:
    for field, info in Settings.model_fields.items():
        if field_or_alias in (field, info.validation_alias):
            return str(info.validation_alias), str((info.examples or [""])[0])
    return field_or_alias, ""
