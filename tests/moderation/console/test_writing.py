"""Writing, rating and history at the console: what a volunteer sees and what is kept, whatever goes wrong."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from moderation.console.editing import read_version
from moderation.console.limits import BURST
from moderation.publish import publish
from moderation.rating import Level
from moderation.variants import Because, attach_variant
from moderation.writing.helper import (
    Claim,
    HelperError,
    HelperNonsenseError,
    HelperRefusedError,
    HelperSlowError,
    Proposal,
)
from moderation.writing.references import check_references
from storage.articles import ArticleSummary
from storage.tables import (
    Article,
    ArticleReply,
    ArticleType,
    ArticleVariant,
    Draft,
    EditorNotice,
    Rating,
    RatingInvitation,
    Reply,
    ReplyState,
    Role,
    Status,
    TaskState,
)
from tests.moderation.console.conftest import SignIn
from tests.moderation.console.desk import Desk, Volunteer, open_desk
from tests.moderation.writing.desk import Internet

MESSAGE = "蒜頭 治百病 https://rumor.example/garlic"
TEXT = "大蒜不能治病。"
PAGE = "https://www.mohw.example/garlic"
FIELDS = {"verdict": "RUMOR", "text": TEXT, "reference": PAGE}
VERSION = re.compile(r'name="version" value="(\d+)"')


@dataclass
class Writer:
    """A volunteer with the editor open on a task they have claimed."""

    who: Volunteer
    task_id: str
    draft: Draft

    @property
    def path(self) -> str:
        return f"/review/drafts/{self.draft.id}"

    @property
    def editor(self) -> str:
        return f"/review/tasks/{self.task_id}/write"

    async def send(self, version: int = 1, **fields: str) -> tuple[int, str]:
        """Send the form in; returns status, and the page or the address it leads to."""
        answer = await self.who.post(f"{self.path}/send", version=str(version), **{**FIELDS, **fields})
        return answer.status, answer.headers.get("Location") or await answer.text()


async def begin(desk: Desk, who: Volunteer, text: str = MESSAGE) -> Writer:
    task_id = await desk.add_task(text)
    await who.post(f"/review/tasks/{task_id}/claim")
    page = await who.get(f"/review/tasks/{task_id}/write")
    assert page.status == 200
    async with desk.database.reading() as session:
        rows = await session.scalars(select(Draft).order_by(col(Draft.created_at).desc()))
        draft = rows.first()
    assert draft is not None
    return Writer(who, task_id, draft)


async def answer(desk: Desk, who: Volunteer, state: ReplyState | None = None) -> str:
    """An answer of this person's, sent in; returns the path of its page."""
    writer = await begin(desk, who)
    status, address = await writer.send()
    assert status == 303
    if state is not None:
        async with desk.database.transaction() as session:
            await publish(session, writer.draft.article_id, writer.draft.id, state)
    return address


async def rate(who: Volunteer, path: str, level: Level = Level.HELPFUL) -> int:
    return (await who.post(f"{path}/rating", level=level)).status


async def test_it_keeps_what_was_typed_when_the_browser_crashes(desk: Desk, volunteer: Volunteer) -> None:
    writer = await begin(desk, volunteer)

    saved = await volunteer.browser.post(
        volunteer.base + writer.path,
        data={"version": "1", **FIELDS},
        headers={"HX-Request": "true", "X-CSRF-Token": await volunteer.csrf()},
    )

    assert saved.status == 200
    assert 'value="2"' in await saved.text()
    page = await volunteer.text(writer.editor)
    assert TEXT in page
    assert PAGE in page


async def test_it_asks_for_nothing_while_somebody_types(desk: Desk, volunteer: Volunteer) -> None:
    writer = await begin(desk, volunteer)
    headers = {"HX-Request": "true", "X-CSRF-Token": await volunteer.csrf()}

    statuses = set()
    for number in range(BURST.number + 5):
        saved = await volunteer.browser.post(
            volunteer.base + writer.path,
            data={"version": str(number + 1), **FIELDS, "text": f"{TEXT}{number}"},
            headers=headers,
            allow_redirects=False,
        )
        statuses.add(saved.status)

    assert statuses == {200}
    assert (await writer.send(BURST.number + 6))[0] == 303


async def test_it_shows_both_texts_of_a_stale_edit(desk: Desk, volunteer: Volunteer) -> None:
    writer = await begin(desk, volunteer)
    await volunteer.post(writer.path, version="1", **FIELDS)

    stale = await volunteer.post(writer.path, version="1", verdict="RUMOR", text="另一個視窗", reference="")
    page = await stale.text()

    assert stale.status == 409
    assert TEXT in page
    assert "另一個視窗" in page
    kept = await volunteer.post(writer.path, version="2", verdict="RUMOR", text="另一個視窗", reference="")
    assert kept.status == 303
    assert "另一個視窗" in await volunteer.text(writer.editor)


async def test_it_sends_in_once_however_often_it_is_pressed(desk: Desk, volunteer: Volunteer) -> None:
    writer = await begin(desk, volunteer)

    first, again = await writer.send(), await writer.send()

    assert first == again == (303, f"/review/answers/{writer.draft.article_id}/{writer.draft.id}")
    assert (await desk.task(writer.task_id)).state == TaskState.SUBMITTED
    async with desk.database.reading() as session:
        assert len(list(await session.scalars(select(Reply)))) == 1


async def test_it_says_what_is_missing_and_loses_nothing(desk: Desk, volunteer: Volunteer) -> None:
    writer = await begin(desk, volunteer)

    status, page = await writer.send(reference="http://rumor.example/garlic")

    assert status == 422
    assert "proves nothing: http://rumor.example/garlic" in page
    assert TEXT in page
    assert (await desk.task(writer.task_id)).state == TaskState.CLAIMED


async def test_it_keeps_the_text_when_the_task_has_gone_to_somebody_else(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    writer = await begin(desk, volunteer)
    await volunteer.post(f"/review/tasks/{writer.task_id}/release")
    await second_volunteer.post(f"/review/tasks/{writer.task_id}/claim")

    status, page = await writer.send()

    assert status == 409
    assert "no longer yours" in page
    assert TEXT in page


async def test_it_opens_nobody_elses_draft(desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer) -> None:
    writer = await begin(desk, volunteer)

    for path in ("/preview", "/references", "/similar"):
        assert (await second_volunteer.get(writer.path + path)).status == 404
    assert (await second_volunteer.post(writer.path, version="1", **FIELDS)).status == 404


async def test_it_draws_the_draft_with_a_policy_of_its_own(desk: Desk, volunteer: Volunteer) -> None:
    drawn: list[ArticleSummary] = []

    def draw(article: ArticleSummary, language: str) -> str:
        drawn.append(article)
        return "<p>bubble</p>"

    async with open_desk(desk.database, preview=draw) as other, other.sign_in(Role.REVIEWER) as who:
        writer = await begin(other, who)
        await who.post(writer.path, version="1", **FIELDS)
        page = await who.get(f"{writer.path}/preview")

    assert await page.text() == "<p>bubble</p>"
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    (reply,) = drawn[0].replies
    assert (reply.text, reply.reference, reply.state) == (TEXT, PAGE, ReplyState.PROVISIONAL)


async def test_the_preview_asks_for_a_verdict_before_it_says_one(desk: Desk, volunteer: Volunteer) -> None:
    writer = await begin(desk, volunteer)
    assert "Choose a verdict" in await volunteer.text(f"{writer.path}/preview")
    await volunteer.post(writer.path, version="1", **{**FIELDS, "verdict": ""})
    assert "Choose a verdict" in await volunteer.text(f"{writer.path}/preview")
    await volunteer.post(writer.path, version="2", **FIELDS)
    assert await volunteer.text(f"{writer.path}/preview") == "<p>bubble</p>"


async def test_it_shows_the_titles_of_what_is_cited(desk: Desk) -> None:
    async with (
        open_desk(desk.database, fetcher=Internet({PAGE: "衛福部：大蒜"})) as other,
        other.sign_in(Role.REVIEWER) as who,
    ):
        writer = await begin(other, who)
        await who.post(writer.path, version="1", **FIELDS)
        for _ in range(100):
            page = await who.text(writer.editor)
            if "衛福部：大蒜" in page:
                break

    assert "衛福部：大蒜" in page
    assert f"/{PAGE}" in page  # the archived copy


async def test_it_begins_with_a_template_after_what_is_written(desk: Desk, volunteer: Volunteer) -> None:
    writer = await begin(desk, volunteer)

    await volunteer.post(f"{writer.path}/start", version="1", **{**FIELDS, "from": "wrong"})

    async with desk.database.reading() as session:
        draft = await session.get_one(Draft, writer.draft.id)
    assert draft.text.startswith(TEXT + "\n\nThe message says")


async def test_it_offers_published_answers_to_reuse(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    path = await answer(desk, second_volunteer, ReplyState.PROVISIONAL)
    reply_id = path.rpartition("/")[2]
    writer = await begin(desk, volunteer, "蒜頭 治感冒")

    assert TEXT in await volunteer.text(f"{writer.path}/similar")
    used = await volunteer.post(f"/review/tasks/{writer.task_id}/reuse", reply=reply_id)

    assert used.headers["Location"] == f"/review/answers/{writer.draft.article_id}/{reply_id}"
    async with desk.database.reading() as session:
        link = await session.get_one(ArticleReply, (writer.draft.article_id, reply_id))
    assert (link.state, link.contributor) == (ReplyState.PROPOSED, volunteer.editor.id)


async def test_it_hides_what_others_said_until_one_has_rated(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer, moderator: Volunteer
) -> None:
    path = await answer(desk, volunteer)
    await second_volunteer.post(f"{path}/rating", level="not_helpful", reason="biased")

    before = await moderator.text(path)
    await moderator.post(f"{path}/rating", level="helpful", reason="clear")
    after = await moderator.text(path)

    assert 'id="ratings"' not in before
    assert 'id="standing"' not in before
    assert after.split('id="ratings"')[1].split("</ul>")[0].count("<li>") == 2
    assert "takes sides" in after.split('id="ratings"')[1].split("</ul>")[0]
    assert "2 volunteers have rated this answer so far" in after


async def test_it_lets_no_author_rate(desk: Desk, volunteer: Volunteer) -> None:
    path = await answer(desk, volunteer)

    assert "Your rating" not in await volunteer.text(path)
    assert await rate(volunteer, path) == 403


async def test_it_refuses_reasons_that_do_not_go_with_the_rating(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    path = await answer(desk, volunteer)

    refused = await second_volunteer.post(f"{path}/rating", level="helpful", reason="biased")

    assert refused.status == 422
    assert "do not go with that rating" in await refused.text()
    async with desk.database.reading() as session:
        assert list(await session.scalars(select(Rating))) == []


async def test_it_publishes_after_three_ratings_of_which_two_are_trusted(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer, sign_in: SignIn
) -> None:
    path = await answer(desk, volunteer)
    trusted = [await sign_in(Role.TRUSTED) for _ in range(2)]

    states = []
    for who in (second_volunteer, *trusted):
        await rate(who, path)
        async with desk.database.reading() as session:
            rows = await session.scalars(select(ArticleReply))
            states.append(rows.one().state)

    assert states == [ReplyState.PROPOSED, ReplyState.PROPOSED, ReplyState.PROVISIONAL]
    assert "3 volunteers rated this answer, 2 of them with a long good record" in await volunteer.text(path)


async def test_it_corrects_what_is_published_in_public_view(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    path = await answer(desk, volunteer, ReplyState.PROVISIONAL)
    await rate(second_volunteer, path)
    await volunteer.get(f"{path}/correct")
    async with desk.database.reading() as session:
        draft = (await session.scalars(select(Draft))).one()

    sent = await volunteer.post(
        f"/review/drafts/{draft.id}/send", version="1", **{**FIELDS, "text": "大蒜不能治癌症。"}
    )

    assert sent.headers["Location"] == path
    async with desk.browser() as outsider:
        history = await (await outsider.get(desk.base + path.replace("answers", "history"))).text()
    assert "Version 2" in history
    assert "<ins>癌症</ins>" in history
    assert volunteer.editor.id not in history
    assert volunteer.editor.name not in history
    async with desk.database.reading() as session:
        told = await session.scalars(select(EditorNotice).where(col(EditorNotice.kind) == "corrected"))
    assert [notice.editor_id for notice in told] == [second_volunteer.editor.id]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.NEWCOMER, 403), (Role.REVIEWER, 403), (Role.TRUSTED, 200), (Role.MODERATOR, 200)]
)
async def test_it_lets_those_correct_others_answers_who_may(
    desk: Desk, volunteer: Volunteer, sign_in: SignIn, role: Role, status: int
) -> None:
    path = await answer(desk, volunteer, ReplyState.PROVISIONAL)
    who = await sign_in(role)

    assert (await who.get(f"{path}/correct")).status == status


async def test_whoever_chose_anothers_words_may_not_change_them(
    desk: Desk, volunteer: Volunteer, sign_in: SignIn
) -> None:
    path, reviewer = await answer(desk, volunteer, ReplyState.VERIFIED), await sign_in(Role.REVIEWER)
    async with desk.database.transaction() as session:
        link = (await session.scalars(select(ArticleReply))).one()
        link.contributor = reviewer.editor.id

    assert (await reviewer.get(f"{path}/correct")).status == 403
    assert "/correct" not in await (await reviewer.get(path)).text()
    assert (await volunteer.get(f"{path}/correct")).status == 200


async def begin_correction(desk: Desk, who: Volunteer, path: str) -> str:
    """The path of this person's draft of a correction."""
    assert (await who.get(f"{path}/correct")).status == 200
    async with desk.database.reading() as session:
        rows = await session.scalars(select(Draft).where(col(Draft.editor_id) == who.editor.id))
        return f"/review/drafts/{rows.one().id}"


async def count_told(desk: Desk, who: Volunteer) -> int:
    """How often this person was told that an answer of theirs was replaced."""
    async with desk.database.reading() as session:
        about = col(EditorNotice.kind).startswith("replaced")
        return len(
            list(await session.scalars(select(EditorNotice.id).where(about, EditorNotice.editor_id == who.editor.id)))
        )


async def states(desk: Desk) -> list[ReplyState]:
    async with desk.database.reading() as session:
        return sorted(await session.scalars(select(col(ArticleReply.state))))


async def test_a_correction_withdraws_no_more_than_whoever_makes_it_may_withdraw(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer, moderator: Volunteer, sign_in: SignIn
) -> None:
    path = await answer(desk, volunteer, ReplyState.VERIFIED)
    trusted, other = await sign_in(Role.TRUSTED), {**FIELDS, "verdict": "NOT_RUMOR"}
    draft = await begin_correction(desk, trusted, path)

    await trusted.post(f"{draft}/send", version="1", **other)
    assert await states(desk) == [ReplyState.PROPOSED, ReplyState.VERIFIED]

    assert await count_told(desk, volunteer) == 0

    draft = await begin_correction(desk, moderator, path)
    desk.clock.ahead = timedelta(hours=2)
    asked = await moderator.post(f"{draft}/send", version="1", **other)
    assert asked.headers["Location"].startswith("/review/confirm?next=")
    assert await states(desk) == [ReplyState.PROPOSED, ReplyState.VERIFIED]

    desk.clock.ahead = timedelta(0)
    await moderator.post(f"{draft}/send", version="2", **other)
    assert await states(desk) == [ReplyState.PROPOSED, ReplyState.PROPOSED, ReplyState.WITHDRAWN]
    assert await count_told(desk, volunteer) == 1
    inbox = await volunteer.text("/review/inbox")
    assert (
        "It said “Contains false information”; the one proposed in its place says “Contains true information”" in inbox
    )


async def test_it_is_no_answer_of_ones_own_for_having_mended_it(
    desk: Desk, volunteer: Volunteer, sign_in: SignIn
) -> None:
    path = await answer(desk, volunteer, ReplyState.VERIFIED)
    trusted = await sign_in(Role.TRUSTED)
    draft = await begin_correction(desk, trusted, path)
    await trusted.post(f"{draft}/send", version="1", **{**FIELDS, "text": f"{TEXT}（補充）"})

    assert (await trusted.post(f"{path}/withdraw")).status == 403
    assert "Withdraw" not in await trusted.text(path)
    assert await states(desk) == [ReplyState.VERIFIED]


@pytest.mark.parametrize("fields", [{"verdict": "NOT_RUMOR"}, {"text": f"{TEXT}（補充）"}])
async def test_it_keeps_the_text_when_what_it_corrects_was_withdrawn(
    desk: Desk, volunteer: Volunteer, fields: dict[str, str]
) -> None:
    path = await answer(desk, volunteer, ReplyState.PROVISIONAL)
    draft = await begin_correction(desk, volunteer, path)
    typed = {**FIELDS, "reference": f"{PAGE}?typed", **fields}
    await volunteer.post(f"{path}/withdraw")

    sent = await volunteer.post(f"{draft}/send", version="1", **typed)
    again = await volunteer.get(f"{path}/correct")

    for page in (sent, again):
        assert page.status == 409
        assert f"{PAGE}?typed" in await page.text()
    assert "withdrawn or hidden meanwhile" in await again.text()
    async with desk.database.reading() as session:
        assert [reply.text for reply in await session.scalars(select(Reply))] == [TEXT]


async def test_nobody_begins_to_correct_what_is_hidden(desk: Desk, volunteer: Volunteer) -> None:
    path = await answer(desk, volunteer, ReplyState.PROVISIONAL)
    async with desk.database.transaction() as session:
        (await session.scalars(select(ArticleReply))).one().status = Status.BLOCKED

    assert (await volunteer.get(f"{path}/correct")).status == 404


async def test_it_says_beforehand_what_becomes_of_the_old_answer(
    desk: Desk, volunteer: Volunteer, sign_in: SignIn
) -> None:
    path, trusted = await answer(desk, volunteer, ReplyState.VERIFIED), await sign_in(Role.TRUSTED)
    said = []
    for who in (volunteer, trusted):
        draft = await begin_correction(desk, who, path)
        assert "this mends the answer" in await who.text(f"{path}/correct")
        saved = await who.browser.post(
            who.base + draft,
            data={"version": "1", **FIELDS, "verdict": "NOT_RUMOR"},
            headers={"HX-Request": "true", "X-CSRF-Token": await who.csrf()},
        )
        said.append(await saved.text())

    assert "the old one is withdrawn, whoever was shown it is told so" in said[0]
    assert "proposed beside the old one" in said[1]
    assert all("gives another verdict" in one for one in said)


async def test_it_says_beforehand_that_a_correction_turns_the_answer_round(desk: Desk, volunteer: Volunteer) -> None:
    path = await answer(desk, volunteer, ReplyState.VERIFIED)
    draft = await begin_correction(desk, volunteer, path)
    await volunteer.post(draft, version="1", **{**FIELDS, "text": TEXT.replace("不能", "能")})

    page = await volunteer.text(f"{path}/correct")

    assert "this is a new answer" in page
    assert "“不能” there, “能” here" in page


async def test_raters_are_invited_for_every_message_a_correction_answers(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer, moderator: Volunteer
) -> None:
    path = await answer(desk, volunteer, ReplyState.PROVISIONAL)
    task_id = await desk.add_task("蒜頭 治感冒")
    articles = {path.split("/")[-2], (await desk.task(task_id)).article_id}
    async with desk.database.transaction() as session:
        link = ArticleReply(article_id=(await desk.task(task_id)).article_id, reply_id=path.rpartition("/")[2])
        link.state = ReplyState.PROVISIONAL
        session.add(link)
    draft = await begin_correction(desk, moderator, path)

    sent = await moderator.post(f"{draft}/send", version="1", **{**FIELDS, "verdict": "NOT_RUMOR"})

    new = (sent.headers["Location"]).rpartition("/")[2]
    async with desk.database.reading() as session:
        invited = await session.scalars(
            select(col(RatingInvitation.article_id)).where(
                col(RatingInvitation.reply_id) == new, col(RatingInvitation.editor_id) == second_volunteer.editor.id
            )
        )
        assert set(invited) == articles


async def test_it_lets_authors_take_their_answer_back_and_nobody_else(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    path = await answer(desk, volunteer, ReplyState.PROVISIONAL)

    assert (await second_volunteer.post(f"{path}/withdraw")).status == 403
    assert (await second_volunteer.post(f"{path}/withdraw-any")).status == 403
    assert (await volunteer.post(f"{path}/withdraw")).status == 303

    async with desk.database.reading() as session:
        link = (await session.scalars(select(ArticleReply))).one()
    assert link.state == ReplyState.WITHDRAWN


async def test_it_marks_what_differs_in_a_wording_and_takes_it_off(
    desk: Desk, volunteer: Volunteer, sign_in: SignIn
) -> None:
    task_id = await desk.add_task("大蒜能治病")
    article_id = (await desk.task(task_id)).article_id
    async with desk.database.transaction() as session:
        await attach_variant(
            session,
            article_id,
            text="大蒜真能治病",
            matching_key_hash=None,
            contributor=None,
            because=Because("matcher:test", "sure match"),
        )
    async with desk.database.reading() as session:
        variant = (await session.scalars(select(ArticleVariant))).one()
    trusted = await sign_in(Role.TRUSTED)
    path = f"/review/wordings/{article_id}"

    assert "大蒜<ins>真</ins>能治病" in await volunteer.text(path)
    assert (await volunteer.post(f"{path}/detach", other=variant.id, reason="no")).status == 403
    assert (await trusted.post(f"{path}/detach", other=variant.id, reason="says something else")).status == 303
    assert "it leads nowhere" in await trusted.text(path)


async def test_it_pages_through_what_was_merged_too(
    desk: Desk, volunteer: Volunteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.console.pages.wordings.ON_A_PAGE", 2)
    task_id = await desk.add_task("大蒜能治病")
    article_id = (await desk.task(task_id)).article_id
    async with desk.database.transaction() as session:
        session.add(ArticleVariant(article_id=article_id, text="大蒜真能治病"))
        session.add_all(Article(text=f"merged {number}", merged_into=article_id) for number in range(4))

    pages = [await volunteer.text(f"/review/wordings/{article_id}?page={page}") for page in (1, 2, 3)]

    assert [page.count("was merged into this one") for page in pages] == [1, 2, 1]
    assert [page.count('<li><p class="written"') for page in pages] == [2, 2, 1]
    assert "Page 1 of 3" in pages[0]


async def test_it_mends_what_was_read_off_a_picture_and_nothing_people_wrote(desk: Desk, sign_in: SignIn) -> None:
    trusted = await sign_in(Role.TRUSTED)
    articles = []
    for kind in (ArticleType.IMAGE, ArticleType.TEXT):
        task_id = await desk.add_task(f"大蒜 {kind}")
        article_id = (await desk.task(task_id)).article_id
        async with desk.database.transaction() as session:
            (await session.get_one(Article, article_id)).type = kind
        articles.append(article_id)

    statuses = [
        (await trusted.post(f"/review/wordings/{article_id}/text", text="大蒜可治病")).status for article_id in articles
    ]

    assert statuses == [303, 404]
    async with desk.database.reading() as session:
        mended = await session.get_one(Article, articles[0])
    assert (mended.text, bool(mended.matching_key_hash)) == ("大蒜可治病", True)


class Model:
    """A helper that proposes one claim, or fails; remembers what it was given."""

    model = "stub"

    def __init__(self, fails: HelperError | None = None) -> None:
        self.fails = fails
        self.given: list[tuple[str, dict[str, str]]] = []

    async def propose(self, message: str, pages: dict[str, str]) -> Proposal:
        self.given.append((message, pages))
        if self.fails:
            raise self.fails
        return Proposal(
            ["大蒜 衛福部"], [Claim("模型的第一句。", PAGE, "words"), Claim("模型的第二句。", PAGE, "words")]
        )


async def test_it_takes_over_only_the_claims_that_were_ticked(desk: Desk) -> None:
    model = Model()
    async with (
        open_desk(desk.database, helper=model, fetcher=Internet({PAGE: "衛福部"})) as other,
        other.sign_in(Role.REVIEWER) as who,
    ):
        writer = await begin(other, who)
        await check_references(other.database, Internet({PAGE: "衛福部"}), [PAGE], other.clock.now())
        asked = await who.post(f"{writer.path}/help", version="1", **FIELDS)
        page = await asked.text()
        before = await who.text(writer.editor)
        taken = await who.post(f"{writer.path}/take", version="2", claim=f'["模型的第二句。", "{PAGE}"]')
        after = await who.text(writer.editor)

    assert "Written by a language model (stub)" in page
    assert page.count('type="checkbox"') == 2
    assert " checked>" not in page
    assert model.given == [(MESSAGE, {PAGE: "words"})]  # neither the draft nor anybody's reasons
    assert "模型" not in before
    assert taken.status == 303
    assert f"{TEXT}\n\n模型的第二句。" in after
    assert "模型的第一句" not in after


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (HelperSlowError(), "took too long"),
        (HelperRefusedError(), "refuses"),
        (HelperNonsenseError(), "nothing that could be used"),
    ],
)
async def test_it_goes_on_without_the_model(desk: Desk, error: HelperError, said: str) -> None:
    async with open_desk(desk.database, helper=Model(error)) as other, other.sign_in(Role.REVIEWER) as who:
        writer = await begin(other, who)
        asked = await who.post(f"{writer.path}/help", version="1", **FIELDS)
        kept = await who.text(writer.editor)

    assert asked.status == 200
    assert said in await asked.text()
    assert TEXT in kept


async def test_it_asks_no_model_where_none_is_set(desk: Desk, volunteer: Volunteer) -> None:
    writer = await begin(desk, volunteer)

    assert "language model" not in await volunteer.text(writer.editor)
    assert (await volunteer.post(f"{writer.path}/help", version="1", **FIELDS)).status == 404


@pytest.mark.parametrize("typed", ["9" * 5_000, "٣", "-1", "1\0", ""])
def test_a_version_that_makes_no_sense_is_none(typed: str) -> None:
    assert read_version({"version": typed}) == 0


async def test_what_is_not_there_cannot_be_withdrawn(moderator: Volunteer) -> None:
    assert (await moderator.post("/review/answers/none/none/withdraw-any")).status == 404
