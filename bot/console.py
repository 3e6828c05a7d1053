"""What the volunteers' console is given: the bot's database, matcher, words and way of drawing an answer."""

from html import escape

from bot.bubbles.answer import article_messages
from bot.bubbles.view import View
from bot.decide import best_replies
from bot.flex_html import FLEX_CSS, message_html
from bot.key_files import VAPID_KEY_FILE, load_or_make_key
from bot.services import Services
from bot.settings import Settings
from bot.wording import choose_words, load_wordings
from moderation.console.context import ConsoleContext, LineLoginSettings
from moderation.console.limits import RateLimits
from moderation.console.mail import SmtpMailer
from moderation.console.push_service import PushService, make_private_key
from moderation.console.task_cache import TaskCache
from moderation.console.wording import LOCALES
from moderation.writing.helper import Helper
from storage.articles import ArticleSummary


def to_console_context(services: Services) -> ConsoleContext:
    """Hand the console its parts; `moderation` may not import `bot`."""
    settings = services.settings

    def preview(article: ArticleSummary, language: str) -> str:
        words = choose_words(services.wordings, language)
        view = View(words, services.buttons, settings.public_url, pseudonyms=services.pseudonyms)
        messages = article_messages(view, article, best_replies(article))
        drawn = "".join(message_html(message) for message in messages)
        return (
            f'<!doctype html><html lang="{escape(view.words.tag)}"><meta charset="utf-8">'
            f"<title>LINE</title><style>{FLEX_CSS}</style><body>{drawn}</body></html>"
        )

    return ConsoleContext(
        database=services.database,
        wordings=load_wordings(LOCALES),
        matcher=services.matching,
        preview=preview,
        secret_key=settings.secret_key,
        public_url=settings.public_url,
        mailer=SmtpMailer(settings.smtp_url, settings.mail_from) if settings.smtp_url else None,
        line_login=to_line_login(settings),
        push=to_push_service(settings),
        open_to_all=settings.volunteers_may_join,
        proxies=settings.proxies,
        thresholds=settings.verification,
        helper=to_helper(settings),
        limits=RateLimits(),
        tasks=TaskCache(services.database),
    )


def to_helper(settings: Settings) -> Helper | None:
    if settings.draft_helper_url is None:
        return None
    return Helper(settings.draft_helper_url, settings.draft_helper_model, settings.draft_helper_key)


def to_push_service(settings: Settings) -> PushService | None:
    """All processes of a database must have one key: in its folder with SQLite, else from the settings."""
    key = settings.vapid_private_key
    if not key and settings.uses_sqlite:
        key = load_or_make_key(settings.data_dir / VAPID_KEY_FILE, make_private_key)
    is_mail_ours = not settings.mail_from.endswith("@localhost")
    contact = settings.public_url if settings.public_url.startswith("https:") else f"mailto:{settings.mail_from}"
    return PushService(key, f"mailto:{settings.mail_from}" if is_mail_ours else contact) if key else None


def to_line_login(settings: Settings) -> LineLoginSettings | None:
    if not (settings.line_login_channel_id and settings.line_login_channel_secret):
        return None
    return LineLoginSettings(
        channel_id=settings.line_login_channel_id,
        channel_secret=settings.line_login_channel_secret,
        authorize_url=settings.line_login_url,
        api_url=settings.line_api_url,
    )
