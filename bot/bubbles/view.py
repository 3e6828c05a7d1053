"""What every bubble is drawn with: the person's language, the button maker, and where our pages are."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from bot.buttons import Buttons
from bot.fit import json_bytes
from bot.flex import MAX_URI, Part, enlarged, flex_message
from bot.labels import verdict_label, written_by
from bot.pseudonyms import Pseudonyms
from bot.wording import Words
from storage.articles import ReplySummary
from storage.tables import Verdict

MAX_BUBBLE_BYTES = 29_500
MAX_CAROUSEL_BYTES = 49_000
"""A little under LINE's 30,000 and 50,000: the names of larger sizes are longer."""
TEXT_LIMITS = (2000, 1500, 1000, 700, 450, 300, 200, 100, 40)
"""UTF-16 units of the longest text in a bubble, tried from the top until the whole fits LINE's bytes."""

DRAFT_LINK = "draft"
SHARE_URL = "https://line.me/R/share?text="


@dataclass(frozen=True, slots=True)
class View:
    words: Words
    buttons: Buttons
    public_url: str
    large: bool = False
    """Whether this person has asked for larger text than LINE's own setting gives."""
    pseudonyms: Pseudonyms | None = None
    """What names volunteers; without it nobody is named."""

    def message(self, alt_text: str, container: Part) -> Part:
        """A Flex message in the size this person reads."""
        return flex_message(alt_text, enlarged(container) if self.large else container)

    def written_by(self, reply: ReplySummary) -> str:
        """Who wrote it, by their name of that quarter."""
        if self.pseudonyms is None or not reply.contributor:
            return written_by(self.words, reply)
        return written_by(self.words, reply, self.pseudonyms.of_writer(reply.contributor, reply.created_at))

    def article_url(self, article_id: str) -> str:
        """The article's public page."""
        return f"{self.public_url.rstrip('/')}/articles/{quote(article_id, safe='')}"

    def report_url(self, article_id: str) -> str:
        """Where anybody reports an article, or objects to what is said there."""
        return f"{self.public_url.rstrip('/')}/review/report?article={quote(article_id, safe='')}"

    @property
    def log_url(self) -> str:
        """What moderators did, for everybody to read."""
        return f"{self.public_url.rstrip('/')}/review/log"

    def history_url(self, article_id: str, reply_id: str) -> str:
        """The public page that tells how an answer came to read as it does and stand where it stands."""
        return f"{self.public_url.rstrip('/')}/review/history/{quote(article_id, safe='')}/{quote(reply_id, safe='')}"

    def draft_url(self, event_id: str) -> str:
        """The page on which a person cuts their message before it becomes public, and says why they doubt it."""
        return f"{self.public_url.rstrip('/')}/drafts/{self.buttons.sign_link(DRAFT_LINK, event_id)}"

    def picture_draft_url(self, event_id: str) -> str:
        """The page on which a person covers parts of their picture before it becomes public."""
        return f"{self.draft_url(event_id)}/picture"

    def share_text(self, article_id: str, verdict: Verdict) -> str:
        """What a person may pass on to family: kind, short, and with the whole check behind a link."""
        return self.words(
            "Volunteers have checked a message like this one: “{verdict}”. Here is what they found: {url}",
            verdict=verdict_label(self.words, verdict),
            url=self.article_url(article_id),
        )

    def share_uri(self, article_id: str, verdict: Verdict) -> str:
        """Opens LINE's list of friends with the text to share."""
        address = SHARE_URL + quote(self.share_text(article_id, verdict), safe="")
        return address if len(address) <= MAX_URI else SHARE_URL + quote(self.article_url(article_id), safe="")


def fitted(build: Callable[[int], Part], most_bytes: int = MAX_BUBBLE_BYTES) -> Part:
    """The container whose texts are as long as the bytes allow; `build` makes it for a limit in UTF-16 units."""
    for limit in TEXT_LIMITS:
        container = build(limit)
        if json_bytes(container) <= most_bytes:
            return container
    raise ValueError(f"a container is over {most_bytes} bytes even with its texts cut to {TEXT_LIMITS[-1]} units")
