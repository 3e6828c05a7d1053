"""How soon a reply published in one process is matched by another, and how soon a process is ready.

    python -m scripts.bench.freshness --entries 100000 [--data DIR] [--replies 100]

The server runs in a process of its own and answers a webhook with whatever it finds; this process publishes replies to
fresh articles, one after another, through `moderation.publish`, and asks `/callback` about each until it is answered
with the new reply. "Start" is from the start of the process to `/readyz`, with a warm page cache.
"""

import argparse
import asyncio
import time
from pathlib import Path

import aiohttp
import numpy as np
import orjson
from aiohttp import web

from moderation.publish import publish
from scripts.bench.installation import Installation, make_installation
from scripts.bench.line_path import signed
from scripts.bench.load import webhook
from storage.database import Database, open_database
from storage.tables import Article, ArticleReply, Reply, ReplyState, Verdict

ASK_AGAIN_S = 0.02
GIVE_UP_S = 10.0
PLACES = ("池上", "鹿港", "美濃", "深坑", "旗津", "淡水", "三義", "關西", "古坑", "佳冬")
THINGS = ("搪瓷杯", "竹蜻蜓", "收音機", "保溫瓶", "算盤", "木屐", "油紙傘", "留聲機", "打字機", "縫紉機")


class Replies:
    """Takes reply calls, and wakes whoever waits for a certain reply's text."""

    def __init__(self) -> None:
        self.wanted = ""
        self.seen: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def want(self, text: str) -> None:
        self.wanted, self.seen = text, asyncio.get_running_loop().create_future()

    async def take(self, request: web.Request) -> web.Response:
        now, body = time.perf_counter(), await request.text()
        if self.wanted in body and not self.seen.done():
            self.seen.set_result(now)
        return web.json_response({"sentMessages": [{"id": "1"}]})

    async def other(self, request: web.Request) -> web.Response:
        return web.json_response({})


async def publish_new(database: Database, number: int) -> tuple[str, str]:
    """Publish a reply to a new article; return the article's text and the words only this reply has."""
    place, thing = PLACES[number % len(PLACES)], THINGS[number // len(PLACES) % len(THINGS)]
    text = (
        f"聽說{place}老街的{thing}放在窗台上過夜，隔天就能讓全家人的手機收訊變好，已經有住戶試過都說有效，請轉告鄰居。"
    )
    words = f"這是查證第{number}號"
    async with database.transaction() as session:
        article, reply = Article(text=text), Reply(verdict=Verdict.RUMOR, text=words, reference="https://example.org")
        session.add_all([article, reply])
        await session.flush()
        session.add(ArticleReply(article_id=article.id, reply_id=reply.id))
        await session.flush()
        await publish(session, article.id, reply.id, ReplyState.VERIFIED)
    return text, words


async def measure(installation: Installation, url: str, number: int) -> list[float]:
    """Return for each reply the seconds from its commit to the call that answered with it."""
    replies = Replies()
    app = web.Application()
    app.router.add_post("/v2/bot/message/reply", replies.take)
    app.router.add_route("*", "/{rest:.*}", replies.other)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", installation.line_port).start()
    database = open_database(installation.database_url)
    salt, asked, waited = int(time.time()) % 100_000, 0, []
    async with aiohttp.ClientSession() as session:
        for place in range(number):
            text, words = await publish_new(database, place)
            published = time.perf_counter()
            replies.want(words)
            while not replies.seen.done() and time.perf_counter() - published < GIVE_UP_S:
                asked += 1
                body = orjson.dumps(webhook(asked, text, salt))
                await session.post(f"{url}/callback", data=body, headers=signed(body))
                await asyncio.wait([replies.seen], timeout=ASK_AGAIN_S)
            waited.append((replies.seen.result() if replies.seen.done() else published + GIVE_UP_S) - published)
    await database.close()
    await runner.cleanup()
    return waited


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="keep the installation here, to measure again")
    parser.add_argument("--replies", type=int, default=100)
    options = parser.parse_args()
    installation = make_installation(options.data or Path(f"/tmp/chaming-bench-{options.entries}"), options.entries)
    with installation.serving():
        pass  # warm the page cache
    with installation.serving() as (url, seconds):
        waited = np.array(asyncio.run(measure(installation, url, options.replies)))
    print("| entries | start → ready s | published → answered p50 / p99 s | n |")
    print("|---|---|---|---|")
    shown = f"{np.percentile(waited, 50):.2f} / {np.percentile(waited, 99):.2f}"
    print(f"| {options.entries:,} | {seconds:.1f} | {shown} | {len(waited)} |")


if __name__ == "__main__":
    main()
