"""The statistics page's tables, in the order a researcher or a journalist looks at them."""

from collections.abc import Callable, Sequence
from datetime import date
from urllib.parse import quote

from bot.data_pages.figures import Figures
from bot.data_pages.tables import Cell, Chart, Column, Kind, Row, Table
from bot.fit import clean, cut, one_line
from bot.wording import Words, marked
from storage.statistics import CategoryCounts, Spread, Week
from storage.tables import MatchOutcome, Measure, Verdict

MAX_TEXT = 80
CATEGORIES_DRAWN = 6
HOUR_S = 3600
OUTCOMES = {
    MatchOutcome.ANSWER: marked("Answered at once"),
    MatchOutcome.CANDIDATES: marked("Shown similar messages"),
    MatchOutcome.WAITING: marked("Known, not answered yet"),
    MatchOutcome.NO_MATCH: marked("Not known"),
}

VERDICT_LABELS = {
    Verdict.RUMOR: marked("Contains false information"),
    Verdict.NOT_RUMOR: marked("Contains true information"),
    Verdict.OPINIONATED: marked("Contains personal opinion"),
    Verdict.NOT_ARTICLE: marked("Cannot be fact-checked"),
}
"""As in the bot; the catalogue is another one."""

WAITING_TOLD = marked(
    "In hours, by the week in which the answer came: half waited no longer than the median,"
    " nine of ten no longer than p90."
)
PEOPLE_TOLD = marked(
    "How many different people sent a message or asked, and how many wrote or rated answers."
    " Numbers below 20 are withheld, so that nobody can be told from them."
)


def to_tables(words: Words, figures: Figures) -> list[Table]:
    """All tables of the page."""
    makers: Sequence[Callable[[Words, Figures], Table]] = (
        messages_by_week,
        arrivals_by_week,
        waiting_by_week,
        verdicts_by_week,
        by_category,
        articles_by_category,
        most_asked,
        people_by_week,
    )
    return [make(words, figures) for make in makers]


def messages_by_week(words: Words, figures: Figures) -> Table:
    outcomes = [Column(outcome.value, words(label), drawn=True) for outcome, label in OUTCOMES.items()]
    rows = [
        _week_row(week, *(week.outcomes.get(each, 0) for each in OUTCOMES), week.hit_rate) for week in _weeks(figures)
    ]
    return Table(
        "messages",
        words("Messages by week"),
        words("What people got for the messages they sent. The hit rate is the share that was answered at once."),
        (_week_column(words), *outcomes, Column("hit_rate", words("Hit rate"), Kind.SHARE)),
        rows,
        Chart.STACKED,
        (figures.queries[Measure.MESSAGES],),
    )


def arrivals_by_week(words: Words, figures: Figures) -> Table:
    return Table(
        "articles",
        words("New articles, questions and answers by week"),
        words("An article is one distinct forwarded message; a question is one person asking about an article."),
        (
            _week_column(words),
            Column("articles", words("New articles"), drawn=True),
            Column("requests", words("Questions"), drawn=True),
            Column("answers", words("Answers published"), drawn=True),
        ),
        [_week_row(week, week.articles, week.requests, week.answers) for week in _weeks(figures)],
        Chart.LINES,
        tuple(figures.queries[each] for each in (Measure.ARTICLES, Measure.REQUESTS, Measure.ANSWERS)),
    )


def waiting_by_week(words: Words, figures: Figures) -> Table:
    rows = [_week_row(week, *_waiting_cells(week)) for week in _weeks(figures)]
    return Table(
        "waiting",
        words("Time to the first answer"),
        words(WAITING_TOLD),
        (
            _week_column(words),
            Column("answered", words("Articles answered")),
            Column("median_hours", words("Median (hours)"), Kind.HOURS, drawn=True),
            Column("p90_hours", words("p90 (hours)"), Kind.HOURS, drawn=True),
        ),
        rows,
        Chart.LINES,
        (figures.waiting_query,),
    )


def verdicts_by_week(words: Words, figures: Figures) -> Table:
    verdicts = [Column(verdict.value, words(VERDICT_LABELS[verdict]), drawn=True) for verdict in Verdict]
    return Table(
        "verdicts",
        words("Verdicts by week"),
        words("What the published answers say, by the week in which they were given."),
        (_week_column(words), *verdicts),
        [_week_row(week, *(week.verdicts.get(verdict, 0) for verdict in Verdict)) for week in _weeks(figures)],
        Chart.STACKED,
        (figures.queries[Measure.ANSWERS],),
    )


def by_category(words: Words, figures: Figures) -> Table:
    return Table(
        "categories",
        words("By category"),
        words("An article with two categories counts in both."),
        (
            Column("category", words("Category"), Kind.TEXT),
            Column("articles", words("New articles"), drawn=True),
            Column("requests", words("Questions")),
            Column("answers", words("Answers published")),
        ),
        [Row((each.title, each.articles, each.requests, each.answers)) for each in figures.categories],
        Chart.BARS,
        tuple(figures.queries[each] for each in (Measure.ARTICLES_IN, Measure.REQUESTS_IN, Measure.ANSWERS_IN)),
    )


def articles_by_category(words: Words, figures: Figures) -> Table:
    drawn = figures.categories[:CATEGORIES_DRAWN]
    return Table(
        "categories-by-week",
        words("New articles by week and category"),
        words("The categories with most articles in this period."),
        (_week_column(words), *(Column(each.category_id, each.title, drawn=True) for each in drawn)),
        [_week_row(week, *_counts(figures, drawn, week.monday)) for week in _weeks(figures)] if drawn else [],
        Chart.LINES,
        (figures.queries[Measure.ARTICLES_IN],),
    )


def most_asked(words: Words, figures: Figures) -> Table:
    rows = [
        Row(
            (
                cut(one_line(clean(each.text or "")), MAX_TEXT) or words("(a picture, video or sound)"),
                each.messages + each.requests,
                each.messages,
                each.requests,
                " · ".join(words(VERDICT_LABELS[verdict]) for verdict in each.verdicts) or words("Not answered yet"),
            ),
            f"/stats/spread/{quote(each.article_id, safe='')}",
        )
        for each in figures.most_asked
    ]
    return Table(
        "most-asked",
        words("Most asked"),
        words("The articles that most messages were, or that most people asked about. A title leads to how it spread."),
        (
            Column("article", words("Message"), Kind.TEXT),
            Column("total", words("Together"), drawn=True),
            Column("messages", words("Messages")),
            Column("requests", words("Questions")),
            Column("verdicts", words("Verdict"), Kind.TEXT),
        ),
        rows,
        Chart.BARS,
        tuple(figures.queries[each] for each in (Measure.ARTICLE_MESSAGES, Measure.ARTICLE_REQUESTS)),
    )


def people_by_week(words: Words, figures: Figures) -> Table:
    return Table(
        "people",
        words("People by week"),
        words(PEOPLE_TOLD),
        (
            _week_column(words),
            Column("askers", words("People who asked"), Kind.PEOPLE, drawn=True),
            Column("volunteers", words("Volunteers"), Kind.PEOPLE, drawn=True),
        ),
        [_week_row(week, week.askers, week.volunteers) for week in _weeks(figures)],
        Chart.LINES,
        (figures.queries[Measure.ASKERS], figures.queries[Measure.VOLUNTEERS]),
    )


def spread_by_week(words: Words, spread: Spread, queries: tuple[str, ...]) -> Table:
    """How one article went round; no rows when it was few people's doing."""
    return Table(
        "spread",
        words("By week"),
        words("How often this message was sent in, and how many people asked about it."),
        (
            _week_column(words),
            Column("messages", words("Messages"), drawn=True),
            Column("requests", words("Questions"), drawn=True),
        ),
        [Row((week.monday, week.messages, week.requests)) for week in spread.weeks or ()],
        Chart.STACKED,
        queries,
    )


def _week_column(words: Words) -> Column:
    return Column("week", words("Week from"), Kind.WEEK)


def _week_row(week: Week, *cells: Cell) -> Row:
    return Row((week.monday, *cells))


def _waiting_cells(week: Week) -> tuple[Cell, ...]:
    """Empty in a week without answers: no time at all is not none to wait."""
    waiting = week.waiting
    return (waiting.answered, waiting.median_s / HOUR_S, waiting.p90_s / HOUR_S) if waiting else (0, None, None)


def _counts(figures: Figures, categories: Sequence[CategoryCounts], monday: date) -> list[int]:
    return [figures.articles_by_category.get(each.category_id, {}).get(monday, 0) for each in categories]


def _weeks(figures: Figures) -> list[Week]:
    """The weeks from the first in which anything happened to the last."""
    busy = [bool(week.messages or week.articles or week.requests or week.answers) for week in figures.weeks]
    if not any(busy):
        return []
    return figures.weeks[busy.index(True) : len(busy) - busy[::-1].index(True)]
