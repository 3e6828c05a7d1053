"""What volunteers can choose to be told of in a browser, and the words that are sent there.

A message on a locked screen is read by whoever holds the phone: it says what kind of thing happened, and neither the
rumour nor a name.
"""

from moderation.console.wording import Words, marked

TOPICS = {
    "tasks": (
        marked("Tasks: handed over to me, or spreading and on my topics"),
        frozenset({"handed_over", "spreading"}),
    ),
    "ratings": (marked("My rating is asked for"), frozenset({"invited"})),
    "outcomes": (
        marked("What became of my answers"),
        frozenset({"provisional", "verified", "rejected", "held", "reopened", "hidden"}),
    ),
    "corrections": (marked("Answers I wrote or rated are corrected"), frozenset({"corrected", "replaced"})),
    "cases": (marked("My reports and appeals are decided"), frozenset({"case_granted", "case_refused"})),
}
"""By key: what people read for it, and the kinds of notices it is about."""

SHORT = {
    "invited": marked("You are asked to rate an answer."),
    "handed_over": marked("Somebody has handed a task over to you."),
    "spreading": marked("Something on one of your topics is spreading."),
    "provisional": marked("Your answer has passed the first check."),
    "verified": marked("Your answer is verified. Thank you!"),
    "rejected": marked("The ratings have refused your answer."),
    "held": marked("Your answer is not shown any longer."),
    "reopened": marked("An answer of yours is looked at again."),
    "corrected": marked("An answer you wrote or rated was corrected."),
    "replaced": marked("Another answer was proposed in place of one you wrote or rated."),
    "hidden": marked("A moderator has hidden an answer of yours."),
    "case_granted": marked("Your appeal, report or source was accepted."),
    "case_refused": marked("Your appeal, report or source was not accepted."),
}
"""One line for a locked screen, by kind of notice."""

TITLE = marked("查明: the volunteers’ desk")
TEST = marked("This is how you will be told here.")


def choose_topics(wanted: list[str]) -> list[str]:
    """Those of these that there are, in the order of the page."""
    return [topic for topic in TOPICS if topic in wanted]


def kinds_of(topics: list[str]) -> frozenset[str]:
    """The kinds of notices that these topics are about."""
    return frozenset[str]().union(*(TOPICS[topic][1] for topic in topics if topic in TOPICS))


def to_message(words: Words, kinds: list[str], url: str) -> dict[str, str]:
    """What the browser shows: the one thing that is new, or how many are."""
    one = SHORT[kinds[0]] if len(kinds) == 1 else None
    body = words(one) if one else words.plural("One new in your inbox", "{number} new in your inbox", len(kinds))
    return {"title": words(TITLE), "body": body, "tag": "inbox", "url": url, "lang": words.tag}
