"""Answers later: whoever asked is told what became of their message, once, however the processes fare."""

import asyncio
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import select
from sqlmodel import col

from moderation.publish import correct, publish
from scripts.simulator.line import LineSimulator
from scripts.simulator.world import User
from storage.database import Database
from storage.tables import ArticleReply, JobRun, Notice, NoticeState, Reply, ReplyState, Verdict
from tests.acceptance.library import (
    KNOWN,
    SAMPLES,
    WITHIN_S,
    comes_true,
    find_articles_with,
    withdraw_reply,
    words,
)
from tests.acceptance.program import ENDS_WITHIN_S, Program

pytestmark = pytest.mark.model

YES, JOIN, SEE = "好，請志工查證", "我也想知道", "看查證結果"
STOP, STOP_ALL = "這則不用再通知", "都不用再通知"
CHECKED, CHANGED, WITHDRAWN = "有人查證了", "您問過的訊息，查證結果改變了", "已經撤回了"
AT_ONCE = {"NOTICE_AFTER_MINUTES": "0", "NOTICE_QUIET_HOURS": "0-0", "NOTICE_QUOTA_PERCENT": "100"}
SETTLED_S = 3.5

NEXT_ANSWER = "氣象主播私下說，陽台的風鈴每響一百下，冰箱裡的布丁就會少一個，裝錄影機也拍不到。"
PUSHED = "大賣場的推車只要倒著推三圈，結帳櫃台就會自動打九折，收銀員都知道但不肯講。"
STOPPED = (
    "國道休息站的飲水機半夜會流出薑茶，卡車司機之間流傳了十年，白天去完全看不出來。",
    "圖書館新規定，借三本食譜就要附一張全家福照片，沒有照片的人只能借字典。",
    "機車行老闆透露，把安全帽放進冷凍庫一晚，隔天騎車就永遠遇到綠燈。",
)
UNSENT = "有人發現自動販賣機的第七排如果連按兩次飯糰，會掉出一張寫著天氣預報的紙條。"
KILLED = {
    True: "公園管理處公告，鴿子即日起要掛號碼牌，沒有牌子的鴿子會被請去抽號碼。",
    False: "鞋店說把左右腳的鞋墊互換七天再穿，鞋子會自己大半號，原廠不敢承認。",
}


async def press(line: LineSimulator, user: User, label: str) -> list[dict[str, object]]:
    seen = len(line.messages(user))
    await line.press(user, label)
    return (await line.wait_for_messages(user, seen + 1))[seen:]


async def asks(line: LineSimulator, database: Database, user: User, text: str) -> str:
    """Ask the volunteers about a message nobody has checked; return the article's id."""
    await line.ask(user, text)
    await press(line, user, YES)
    [article] = await find_articles_with(database, text)
    return article.id


async def volunteer_answers(database: Database, article_id: str, text: str) -> str:
    async with database.transaction() as session:
        reply = Reply(verdict=Verdict.RUMOR, text=text, source="chaming")
        session.add(reply)
        await session.flush()
        session.add(ArticleReply(article_id=article_id, reply_id=reply.id))
        await session.flush()
        await publish(session, article_id, reply.id, ReplyState.VERIFIED)
        return reply.id


async def run_job(program: Program, *, push: bool = False) -> None:
    """Run the job as an operator would, once what was published has settled; with `push`, at once and at any hour."""
    await asyncio.sleep(SETTLED_S)
    environment = {**program.environment(), **(AT_ONCE if push else {})}
    command = [sys.executable, "-m", "scripts", "run-job", "notices"]
    for _ in range(20):
        done = await asyncio.to_thread(
            subprocess.run, command, env=environment, cwd=program.data_dir, capture_output=True, text=True,
            timeout=ENDS_WITHIN_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        if "skipped" not in done.stdout:
            return
        await asyncio.sleep(0.5)
    raise AssertionError("the scheduled run of the job did not end")


async def hears(line: LineSimulator, user: User, text: str, heard: str) -> str:
    """Everything said until an answer brings `heard`: the server learns of notices within a second."""
    said = ""
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        said += words(await line.ask(user, text))
        if heard in said:
            return said
        await asyncio.sleep(0.5)
    raise AssertionError(f"never heard {heard!r} in {said[:600]!r}")


async def test_it_tells_with_the_next_answer_and_never_again(
    line: LineSimulator, database: Database, program: Program
) -> None:
    text = NEXT_ANSWER
    asker = line.add_user("asker")
    article_id = await asks(line, database, asker, text)
    assert "志工回覆後我會通知您" in words(line.messages(asker))
    reply_id = await volunteer_answers(database, article_id, "布丁沒有變少，風鈴和冰箱無關。")
    await run_job(program)
    said = await hears(line, asker, SAMPLES[KNOWN], CHECKED)
    assert text[:20] in said
    assert "布丁沒有變少" in said
    assert "布丁沒有變少" in words(await press(line, asker, SEE)), "the whole answer is one press away"
    async with database.transaction() as session:
        await correct(
            session, reply_id, verdict=Verdict.NOT_RUMOR, text="更正：布丁真的少了。", reference=None, editor="e"
        )
    await run_job(program)
    changed = await hears(line, asker, SAMPLES[KNOWN], CHANGED)
    assert "含有不實訊息 → 含有正確訊息" in changed
    assert "布丁真的少了" in changed
    await withdraw_reply(database, article_id, reply_id)
    await run_job(program)
    await hears(line, asker, SAMPLES[KNOWN], WITHDRAWN)
    said = words(line.messages(asker))
    await line.ask(asker, SAMPLES[KNOWN])
    again = words(line.messages(asker))
    assert [said.count(each) for each in (CHECKED, CHANGED, WITHDRAWN)] == [
        again.count(each) for each in (CHECKED, CHANGED, WITHDRAWN)
    ]
    assert not [each for each in line.requests if each.path.endswith(("/push", "/multicast"))]


async def test_it_pushes_to_those_who_say_nothing_once_and_in_one_call(
    line: LineSimulator, database: Database, program: Program
) -> None:
    text = PUSHED
    asker, second = line.add_user("asker"), line.add_user("second asker")
    article_id = await asks(line, database, asker, text)
    await line.ask(second, text)
    await press(line, second, JOIN if JOIN in line.buttons(second) else YES)
    blocked = line.add_user("blocked")
    await line.ask(blocked, text)
    await press(line, blocked, JOIN if JOIN in line.buttons(blocked) else YES)
    await line.block(blocked)
    await volunteer_answers(database, article_id, "只要按兩下就會消失是誤傳。")
    await run_job(program, push=True)
    await run_job(program, push=True)
    for user in (asker, second):
        assert words(line.messages(user)).count("只要按兩下就會消失是誤傳") == 1
    assert "只要按兩下" not in words(line.messages(blocked))
    assert [each.path for each in line.requests if each.path.endswith(("/push", "/multicast"))] == [
        "/v2/bot/message/multicast"
    ]
    assert line.platform.quota.used == 2


async def test_it_says_nothing_more_to_whoever_stopped_it(
    line: LineSimulator, database: Database, program: Program
) -> None:
    asker = line.add_user("asker")
    articles = [await asks(line, database, asker, text) for text in STOPPED]
    reply_id = await volunteer_answers(database, articles[0], "第一則查過了。")
    await run_job(program)
    await hears(line, asker, SAMPLES[KNOWN], CHECKED)
    assert "不會再通知您" in words(await press(line, asker, STOP))
    async with database.transaction() as session:
        await correct(session, reply_id, verdict=Verdict.RUMOR, text="第一則又改了。", reference=None, editor="e")
    await volunteer_answers(database, articles[1], "第二則查過了。")
    await run_job(program)
    assert "第一則又改了" not in await hears(line, asker, SAMPLES[KNOWN], "第二則查過了")
    assert "不會再主動通知您" in words(await press(line, asker, STOP_ALL))
    await volunteer_answers(database, articles[2], "第三則查過了。")
    await run_job(program, push=True)
    await asyncio.sleep(1.5)
    await line.ask(asker, SAMPLES[KNOWN])
    assert "第三則查過了" not in words(line.messages(asker))


async def test_an_unsent_message_takes_its_notice_along(
    line: LineSimulator, database: Database, program: Program
) -> None:
    text = UNSENT
    asker, second = line.add_user("asker"), line.add_user("second asker")
    asked = await line.send_text(asker, text)
    await line.wait_for_messages(asker)
    await press(line, asker, YES)
    [article] = await find_articles_with(database, text)
    await line.ask(second, text)
    await press(line, second, JOIN if JOIN in line.buttons(second) else YES)
    await volunteer_answers(database, article.id, "查過了，沒有這回事。")
    await run_job(program)
    assert asked.posted
    await line.unsend(asked.posted)

    async def is_gone() -> bool:
        async with database.reading() as session:
            rows = await session.scalars(select(Notice).where(col(Notice.article_id) == article.id))
            return len(rows.all()) == 1

    assert await comes_true(is_gone)
    await hears(line, second, SAMPLES[KNOWN], CHECKED)
    await line.ask(asker, SAMPLES[KNOWN])
    assert CHECKED not in words(line.messages(asker))


@pytest.mark.parametrize("accepted", [True, False])
async def test_killed_while_pushing_it_is_told_once_all_the_same(
    line: LineSimulator, database: Database, program: Program, accepted: bool
) -> None:
    """The job's process is killed while LINE is slow to answer; the next one repeats the push under the same key."""
    text = KILLED[accepted]
    asker = line.add_user("asker")
    article_id = await asks(line, database, asker, text)
    await volunteer_answers(database, article_id, "殺不死的通知。")
    await asyncio.sleep(SETTLED_S)
    path = "/v2/bot/message/push"
    fault = line.drop(path, accepted=accepted, times=None)
    job = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts", "run-job", "notices",
        env={**program.environment(), **AT_ONCE}, cwd=program.data_dir,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip

    async def has_called() -> bool:
        return any(each.path == path for each in line.requests)

    assert await comes_true(has_called, within=120)
    job.send_signal(signal.SIGKILL)
    await job.wait()
    line.server.faults.cancel(fault)
    await let_claims_lapse(database)
    await run_job(program, push=True)
    assert [each.status for each in line.refusals] == ([409] if accepted else []), "LINE knows the retry key"
    line.requests.clear()
    assert words(line.messages(asker)).count("殺不死的通知") == 1
    async with database.reading() as session:
        [notice] = await session.scalars(select(Notice).where(col(Notice.article_id) == article_id))
        assert notice.state is NoticeState.SENT


async def let_claims_lapse(database: Database) -> None:
    """Do what minutes would: nobody holds the push, nor the job, any more."""
    async with database.transaction() as session:
        for table in (Notice, JobRun):
            for row in await session.scalars(select(table).where(col(table.lease_until).is_not(None))):
                row.lease_until = row.lease_until and row.lease_until.replace(year=2020)
                session.add(row)
