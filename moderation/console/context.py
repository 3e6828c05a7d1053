"""What the console needs from outside, handed in by whoever opens it: it imports nothing that stands to its left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from aiohttp import web

from moderation.console.limits import RateLimits
from moderation.console.push_service import PushService
from moderation.console.task_cache import TaskCache
from moderation.console.wording import Words
from moderation.fetching import BoundedFetcher
from moderation.thresholds import DEFAULT, Thresholds
from moderation.writing.helper import Helper
from moderation.writing.references import Fetcher
from retrieval.types import Match
from storage.articles import ArticleSummary
from storage.database import Database
from storage.tables import utc_now


class Matcher(Protocol):
    """The bot's matcher, once it is `ready`."""

    @property
    def ready(self) -> bool: ...

    @property
    def model_id(self) -> str: ...

    async def match(self, text: str, *, limit: int = 10) -> list[Match]: ...


class Mailer(Protocol):
    """Sends an e-mail; raises `OSError` when it cannot."""

    async def send(self, to: str, subject: str, text: str) -> None: ...


class Preview(Protocol):
    """Draws an answer as its LINE bubble: the article with the replies in it, to an HTML page of its own."""

    def __call__(self, article: ArticleSummary, language: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLoginSettings:
    """A LINE Login channel, and where LINE is."""

    channel_id: str
    channel_secret: str
    authorize_url: str = "https://access.line.me"
    api_url: str = "https://api.line.me"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleContext:
    """Everything the console works with."""

    database: Database
    wordings: Mapping[str, Words]
    """The console's own catalogues, the default language first."""
    matcher: Matcher
    preview: Preview
    secret_key: str
    public_url: str
    mailer: Mailer | None = None
    line_login: LineLoginSettings | None = None
    push: PushService | None = None
    """Sends to volunteers' browsers, where there is a key for it."""
    open_to_all: bool = True
    """Whether people nobody has invited may become newcomers."""
    proxies: int = 0
    """How many proxies before us add to X-Forwarded-For."""
    thresholds: Thresholds = DEFAULT
    limits: RateLimits
    tasks: TaskCache
    fetcher: Fetcher = field(default_factory=BoundedFetcher)
    """Looks at the pages that answers cite."""
    helper: Helper | None = None
    """A language model that proposes, where the settings name one."""
    now: Callable[[], datetime] = utc_now

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def url(self) -> str:
        """The console's own address."""
        return f"{self.public_url.rstrip('/')}/review"


CONTEXT: web.AppKey[ConsoleContext] = web.AppKey("console", ConsoleContext)


def get_context(request: web.Request) -> ConsoleContext:
    return request.config_dict[CONTEXT]
