"""What a person gets for a picture: its answer, the answer to its words, the consent step, or why there is none."""

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlmodel import col

from bot.buttons import Press
from bot.events import ImageSet, MediaMessage
from bot.handlers import looking_at_media
from bot.handlers.picture_sets import handle_pictures
from bot.line_errors import LineError, LineServerError, LineUnreachableError, RefusedError, UnauthorizedError
from bot.media.content import ContentError, ContentGoneError, ContentNotReadyError, ContentTooLargeError
from bot.media.library import MediaLibrary
from bot.media.reading import Reading, ReadText
from bot.media.words import lines_of
from moderation.publish import publish
from retrieval.types import Band
from scripts.simulator.validator import message_problems
from storage.media import find_media_bytes, load_hashed_articles
from storage.tables import (
    Article,
    ArticleReply,
    ArticleType,
    MatchDecision,
    Reply,
    ReplyRequest,
    ReplyState,
    Status,
    Verdict,
    utc_now,
)
from tests.bot.conversation import ASKER, OUTSIDER, postbacks, said
from tests.bot.fakes import make_event
from tests.bot.makers import make_match
from tests.bot.media.album import READ, WORDS, Album, other, photo, same_smaller
from tests.bot.test_handlers import add_article


async def test_an_unknown_picture_leads_to_exactly_what_would_become_public(album: Album) -> None:
    album.reader.text = READ
    asked = await album.send(photo())
    assert "還找不到這張圖片的查證" in said(asked)
    assert "上面您傳的這張圖片" in said(asked)
    assert WORDS in said(asked)
    assert asked.messages[0]["quoteToken"] == "q"
    assert asked.keep_payload
    async with album.database.reading() as session:
        assert (await session.scalars(select(Article))).all() == []
        assert await load_hashed_articles(session) == []


async def test_nothing_is_published_before_the_yes_and_exactly_that_after_it(album: Album) -> None:
    album.reader.text = READ
    asked = await album.send(photo())
    pressed = await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA])
    assert pressed.outcome == "asked"
    async with album.database.reading() as session:
        article = (await session.scalars(select(Article))).one()
        assert (article.type, article.text, article.status) == (ArticleType.IMAGE, WORDS, Status.NORMAL)
        shown = await find_media_bytes(session, article.id)
        assert shown is not None
        assert Image.open(io.BytesIO(shown[1])).size == Image.open(io.BytesIO(photo())).size
    again = await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA])
    assert again.outcome == "asked_before"


async def test_a_no_publishes_nothing_and_ends_it(album: Album) -> None:
    asked = await album.send(photo())
    await album.chat.press(album.chat.buttons(asked)[Press.DECLINE])
    late = await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA])
    assert late.outcome == "expired"
    async with album.database.reading() as session:
        assert (await session.scalars(select(Article))).all() == []


async def test_nobody_else_can_agree_for_the_sender(album: Album) -> None:
    asked = await album.send(photo())
    pressed = await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA], user=OUTSIDER)
    assert pressed.outcome == "expired"


async def test_words_that_would_come_out_otherwise_are_shown_again_first(album: Album) -> None:
    album.reader.text = READ
    asked = await album.send(photo())
    album.reader.text = ReadText(Reading.READ, WORDS + "！快轉發")
    pressed = await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA])
    assert pressed.outcome == "draft_shown"
    assert "快轉發" in said(pressed)
    assert (await album.chat.press(album.chat.buttons(pressed)[Press.AGREE_MEDIA])).outcome == "asked"


async def test_words_that_are_read_only_at_the_yes_and_are_known_are_answered_instead(album: Album) -> None:
    album.reader.text = ReadText(Reading.TOO_SLOW)
    asked = await album.send(photo())
    await add_article(album.chat, "known", Verdict.RUMOR)
    album.chat.will_find(make_match("known", band=Band.ANSWER))
    album.reader.text = READ
    pressed = await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA])
    assert pressed.outcome == "answer"
    assert "含有不實訊息" in said(pressed)
    async with album.database.reading() as session:
        assert [article.id for article in await session.scalars(select(Article))] == ["known"]


UNSURE = ReadText(Reading.NOTHING, lines=lines_of("header\n5\t1\t1\t1\t1\t1\t0\t0\t900\t90\t4\t0912345678"))
"""Too unsure to be looked up, and a number all the same."""


@pytest.mark.parametrize("reading", [Reading.TOO_SLOW, Reading.MISSING, Reading.NOTHING])
async def test_a_cover_that_was_promised_and_is_not_found_again_is_asked_about_anew(
    album: Album, reading: Reading
) -> None:
    album.reader.text = UNSURE
    asked = await album.send(photo())
    assert "其中 1 處會遮住" in said(asked)
    album.reader.text = ReadText(reading)
    pressed = await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA])
    assert pressed.outcome == "draft_shown"
    assert "處會遮住" not in said(pressed)
    async with album.database.reading() as session:
        assert (await session.scalars(select(Article))).all() == []


async def test_covers_that_are_found_again_are_what_was_agreed_to(album: Album) -> None:
    album.reader.text = UNSURE
    asked = await album.send(photo())
    assert (await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA])).outcome == "asked"


async def test_a_published_answer_is_found_for_a_smaller_copy_within_a_second(album: Album) -> None:
    await album.publish()
    answered = await album.send(same_smaller())
    assert answered.outcome == "answer"
    assert "這是合成的圖片" in said(answered)
    why = await album.chat.press(album.chat.buttons(answered)[Press.WHY])
    assert "看起來就是您傳的那張圖片" in said(why)
    assert (await album.send(other())).outcome == "no_match"


async def test_not_mine_offers_to_ask_about_this_picture(album: Album) -> None:
    await album.publish()
    answered = await album.send(same_smaller())
    refused = await album.chat.press(album.chat.buttons(answered)[Press.NONE_OF_THESE])
    assert refused.outcome == "wrong_match"
    assert Press.AGREE_MEDIA in album.chat.buttons(refused)
    assert refused.messages[0]["quoteToken"] == "q"


async def test_a_picture_with_other_words_is_only_offered(album: Album) -> None:
    await album.publish(read=READ)
    album.reader.text = ReadText(Reading.READ, "完全不同的另外一句話寫在同一張圖片上面")
    offered = await album.send(same_smaller())
    assert offered.outcome == "candidates"


async def test_a_picture_whose_words_differ_in_a_figure_shows_the_difference(album: Album) -> None:
    article_id = await album.publish(read=READ)
    album.reader.text = READ
    album.chat.will_find(make_match(article_id, band=Band.ANSWER, probability=0.95, contradictions=(("後天", "明天"),)))
    offered = await album.send(same_smaller())
    assert offered.outcome == "candidates"
    assert "後天" in said(offered)


async def test_words_in_a_picture_find_a_text_and_are_shown_as_read(album: Album) -> None:
    async with album.database.transaction() as session:
        article = Article(text=WORDS)
        reply = Reply(verdict=Verdict.RUMOR, text="超商沒有停收現金", source="chaming")
        session.add_all([article, reply])
        await session.flush()
        session.add(ArticleReply(article_id=article.id, reply_id=reply.id))
        await session.flush()
        await publish(session, article.id, reply.id, ReplyState.VERIFIED)
    album.chat.will_find(make_match(article.id, band=Band.ANSWER, probability=0.95))
    album.reader.text = READ
    answered = await album.send(other())
    assert answered.outcome == "answer"
    assert said(answered).startswith(f"我在您的圖片裡讀到：\n{WORDS}")
    assert "超商沒有停收現金" in said(answered)


async def test_somebody_elses_question_can_be_joined_and_ones_own_is_remembered(album: Album) -> None:
    asked = await album.send(photo(), user=OUTSIDER)
    await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA], user=OUTSIDER)
    waiting = await album.send(same_smaller())
    assert waiting.outcome == "waiting"
    await album.chat.press(album.chat.buttons(waiting)[Press.JOIN])
    assert (await album.send(same_smaller())).outcome == "asked_before"
    async with album.database.reading() as session:
        assert len((await session.scalars(select(ReplyRequest))).all()) == 2


async def test_unsending_takes_picture_article_and_question_back(album: Album) -> None:
    asked = await album.send(photo())
    await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA])
    await album.chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": "picture1"}))
    await album.library.catch_up()
    async with album.database.reading() as session:
        article = (await session.scalars(select(Article))).one()
        assert (article.status, article.text) == (Status.DELETED, None)
        assert await find_media_bytes(session, article.id) is None
        assert await load_hashed_articles(session) == []
    assert (await album.send(same_smaller(), user=OUTSIDER)).outcome == "no_match"


async def test_unsending_before_the_yes_leaves_nothing_to_agree_to(album: Album) -> None:
    asked = await album.send(photo())
    unsent = await album.chat.send(make_event(user=ASKER, type="unsend", unsend={"messageId": "picture1"}))
    assert unsent.outcome == "unsent"
    assert (await album.chat.press(album.chat.buttons(asked)[Press.AGREE_MEDIA])).outcome == "expired"


@pytest.mark.parametrize(
    ("content", "words", "outcome"),
    [
        (ContentGoneError(status=404), "再傳一次", "content_gone"),
        (ContentTooLargeError(status=200), "太大", "content_too_large"),
        (b"<svg/>", "打不開", "content_unreadable"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "打不開", "content_unreadable"),
    ],
)
async def test_it_says_what_would_help(album: Album, content: bytes | ContentError, words: str, outcome: str) -> None:
    refused = await album.send(content)
    assert refused.outcome == outcome
    assert words in said(refused)
    assert not refused.keep_payload


async def test_it_says_nothing_about_a_picture_that_was_taken_back(album: Album) -> None:
    assert (await album.send(ContentGoneError(status=410))).messages == ()


async def test_it_says_that_an_app_keeps_the_picture_to_itself(album: Album) -> None:
    external = await album.send(
        photo(), contentProvider={"type": "external", "originalContentUrl": "https://x.example"}
    )
    assert external.outcome == "content_external"


async def test_it_waits_for_line_while_the_token_lives_and_then_says_so(album: Album) -> None:
    with pytest.raises(ContentNotReadyError):
        await album.send(ContentNotReadyError(status=202))
    raw = album.event(ContentNotReadyError(status=202), user=OUTSIDER)
    late = await album.chat.send({**raw, "timestamp": int((utc_now().timestamp() - 50) * 1000)})
    assert late.outcome == "content_not_ready"


async def test_it_says_that_words_cannot_be_read_here(album: Album) -> None:
    album.reader.text = ReadText(Reading.MISSING)
    assert "沒辦法讀圖片裡的文字" in said(await album.send(photo()))


async def test_a_group_hears_of_a_picture_only_when_it_is_surely_false(album: Album) -> None:
    assert (await album.send(photo(), group=True)).messages == ()
    await album.publish()
    warned = await album.send(same_smaller(), group=True)
    assert warned.outcome == "group_warned"
    assert (await album.send(other(), group=True)).messages == ()
    async with album.database.reading() as session:
        assert (await session.scalars(select(MatchDecision).where(col(MatchDecision.asker_id).is_(None)))).all() == []


async def test_several_pictures_get_one_answer_in_the_senders_order(album: Album) -> None:
    await album.publish()
    await album.library.catch_up()
    events = [await to_media(album, data, index) for data, index in ((other(), 2), (same_smaller(), 1), (other(), 3))]
    result = await handle_pictures(events, album.chat.services)
    assert [one.outcome for one in (result, *result.joined)] == ["picture_unknown", "picture_known", "picture_unknown"]
    assert all(one.keep_payload and one.record for one in (result, *result.joined))
    assert said(result).startswith("關於第 1 張圖片")
    assert "另外 2 張圖片沒有找到查證" in said(result)
    assert [problem for message in result.messages for problem in message_problems(message)] == []


async def test_of_several_unknown_pictures_each_can_be_asked_about(album: Album) -> None:
    raws = [
        album.event(other(), imageSet={"id": "S", "index": 1}),
        album.event(photo(), imageSet={"id": "S", "index": 2}),
    ]
    single = [await album.chat.send(raw) for raw in raws]
    assert all(each.keep_payload for each in single)
    events = [await to_media(album, photo(), index, raw) for index, raw in enumerate(raws, start=1)]
    result = await handle_pictures(events, album.chat.services)
    assert [one.outcome for one in (result, *result.joined)] == ["picture_unknown"] * 2
    offers = postbacks(result.messages)
    assert len(offers) == 2
    picked = await album.chat.press(offers[1])
    assert Press.AGREE_MEDIA in album.chat.buttons(picked)
    assert (await album.chat.press(album.chat.buttons(picked)[Press.AGREE_MEDIA])).outcome == "asked"


async def to_media(album: Album, data: bytes, index: int, raw: dict[str, Any] | None = None) -> MediaMessage:
    raw = raw or album.event(data)
    return replace(
        MediaMessage(
            event_id=raw["webhookEventId"],
            chat=album.chat.services.pseudonyms.of(ASKER),
            timestamp=raw["timestamp"],
            source_kind="user",
            user_id=ASKER,
            kind="image",
            message_id=raw["message"]["id"],
        ),
        image_set=ImageSet("S", index, 3),
    )


async def test_it_says_so_when_what_is_known_is_not_there_in_time(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away at the start: the person is told before the reply token dies."""
    monkeypatch.setattr(looking_at_media, "LOOK_UP_WITHIN_S", 0.05)
    album.chat.services.media.library = MediaLibrary(album.database)
    told = await album.send_unfollowed(photo())
    assert told.outcome == "content_too_slow"
    assert "過幾分鐘再傳一次" in said(told)


async def test_pictures_sent_together_are_not_waited_for_either(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_at_media, "LOOK_UP_WITHIN_S", 0.05)
    album.chat.services.media.library = MediaLibrary(album.database)
    events = [await to_media(album, data, number) for number, data in enumerate((photo(), other()), start=1)]
    told = await handle_pictures(events, album.chat.services)
    assert "過幾分鐘再傳一次" in said(told)


@pytest.mark.parametrize("error", [LineUnreachableError(), LineServerError(status=502), UnauthorizedError(status=401)])
async def test_it_says_so_when_line_has_not_handed_it_over_for_long(album: Album, error: LineError) -> None:
    with pytest.raises(type(error)):
        await album.send(error)
    late = album.event(error, user=OUTSIDER)
    told = await album.chat.send({**late, "timestamp": int((utc_now().timestamp() - 50) * 1000)})
    assert told.outcome == "content_not_ready"


async def test_not_mine_waits_for_line_while_the_token_lives(album: Album) -> None:
    """What passes by itself is left to the inbox to try again: the press is young, however old the message is."""
    await album.publish()
    answered = await album.send(same_smaller())
    album.content.held[f"picture{album.sent}"] = LineServerError(status=502)
    now = int(utc_now().timestamp() * 1000)
    pressed = make_event(type="postback", user=ASKER, timestamp=now)
    pressed["postback"] = {"data": album.chat.buttons(answered)[Press.NONE_OF_THESE]}
    with pytest.raises(LineServerError):
        await album.chat.send(pressed)


async def test_it_says_so_at_once_when_line_refuses_for_good(album: Album) -> None:
    assert (await album.send(RefusedError(status=400))).outcome == "content_not_ready"
