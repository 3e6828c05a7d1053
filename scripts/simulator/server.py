"""The simulated platform behind HTTP: what every request to LINE goes through, and a log of all of them."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from aiohttp import web

from scripts.simulator import operations
from scripts.simulator.calls import Answer, Call, Operation
from scripts.simulator.delivery import Deliverer
from scripts.simulator.errors import BAD_JSON, NOT_FOUND, NOT_SIMULATED, LineError
from scripts.simulator.faults import Fault, FaultKind, Faults
from scripts.simulator.platform import Platform
from scripts.simulator.problems import JSON, error_body
from scripts.simulator.spec_schema import MESSAGING_API, load_operations, load_spec
from scripts.simulator.validator import RETRY_KEY_HEADER, header_problem, request_problems

DATA_PREFIX = "/line-data"
"""Where the data host lives, so that one port is enough: content asked of the API host is 404, as at LINE."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BINARY = frozenset({"/v2/bot/richmenu/{richMenuId}/content"})
"""Operations that take bytes."""
MAX_BODY_BYTES = 2 * 1024 * 1024


@dataclass(slots=True)
class LoggedRequest:
    """One request the bot made, and what it was told."""

    method: str
    path: str
    template: str
    body: JSON
    headers: Mapping[str, str]
    """Without the authorization."""
    at: float
    status: int = 0
    """0: cut off before an answer."""
    answer: JSON = field(default_factory=dict)
    fault: FaultKind | None = None
    """Set when the refusal, if it is one, was ordered and not earned."""

    @property
    def is_refusal(self) -> bool:
        return self.status >= 400 and self.fault is None


class ApiServer:
    """Builds the aiohttp applications of the API host and the data host over one platform."""

    def __init__(self, platform: Platform, deliverer: Deliverer) -> None:
        self.platform = platform
        self.faults = Faults()
        self.requests: list[LoggedRequest] = []
        self._deliverer = deliverer

    def add_routes(self, app: web.Application) -> None:
        """Put LINE's operations into an application, under LINE's own paths."""
        for (method, template), operation in operations.API.items():
            app.router.add_route(method, template, self._handler(method, template, operation))
        app.router.add_post("/v2/bot/channel/webhook/test", self._webhook_test)
        app.router.add_post("/oauth2/v3/token", self._issue_token)
        app.router.add_get("/oauth2/v2.1/verify", self._verify_token)
        app.router.add_post("/v2/oauth/verify", self._verify_token)
        app.router.add_route("*", "/v2/{rest:.*}", self._unknown)
        data = web.Application(client_max_size=MAX_BODY_BYTES)
        for (method, template), operation in operations.DATA.items():
            data.router.add_route(method, template, self._handler(method, template, operation))
        app.add_subapp(DATA_PREFIX, data)

    def _handler(self, method: str, template: str, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._run(request, method, template, operation)

        return handle

    async def _run(self, request: web.Request, method: str, template: str, operation: Operation) -> web.StreamResponse:
        entry = await self._log(request, template)
        request_id = str(uuid.uuid4())
        fault = self.faults.take(_line_path(request))
        kind = await self._meet(fault, entry)
        if kind is FaultKind.DROP:
            return _cut(request)
        try:
            if fault is not None and kind is FaultKind.STATUS:
                raise LineError(fault.status, "A failure on order")
            call = self._check(request, entry, method, template, request_id)
            if template in BINARY:
                call = replace(call, data=await request.read(), body={})
            answer = await operation(self.platform, call)
            if fault is not None and kind is FaultKind.ACCEPT_THEN_STATUS:
                raise LineError(fault.status, "A failure on order, after the request was accepted")
        except LineError as error:
            return await self._refuse(entry, error, request_id)
        if kind is FaultKind.ACCEPT_THEN_DROP:
            return _cut(request)
        entry.status, entry.answer = answer.status, answer.body
        await self.platform.notify()
        return _respond(answer, {"x-line-request-id": request_id})

    async def _log(self, request: web.Request, template: str) -> LoggedRequest:
        raw = await request.read()
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            body = {"not JSON": raw.decode("utf-8", "replace")}
        headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
        entry = LoggedRequest(
            request.method, _line_path(request), template, body, headers, at=self.platform.clock.now()
        )
        self.requests.append(entry)
        return entry

    @staticmethod
    async def _meet(fault: Fault | None, entry: LoggedRequest) -> FaultKind | None:
        """Note which failure the request meets, if any, and wait as long as it says."""
        if fault is None:
            return None
        entry.fault = fault.kind
        await asyncio.sleep(fault.seconds)
        return fault.kind

    def _check(self, request: web.Request, entry: LoggedRequest, method: str, template: str, request_id: str) -> Call:
        """Run the checks every operation shares, in LINE's order: token, rate, headers, JSON, schema, hand rules."""
        self.platform.access_tokens.check(request.headers.get("Authorization"))
        self.platform.rate_limits.count(method, template)
        problem = header_problem(template, request.headers)
        if problem is not None:
            raise LineError(400, problem)
        is_json = template not in BINARY or method != "POST"
        if (is_json and "not JSON" in entry.body) or (
            is_json and entry.body and request.content_type != "application/json"
        ):
            raise LineError(400, BAD_JSON)
        if (method, template) in load_operations(MESSAGING_API):
            problems = request_problems(method, template, entry.body)
            if problems:
                error = LineError(400, "")
                error.body = error_body(problems)
                raise error
        return Call(
            request_id, request.match_info, entry.body, request.headers.get(RETRY_KEY_HEADER), dict(request.query)
        )

    async def _refuse(self, entry: LoggedRequest, error: LineError, request_id: str) -> web.Response:
        entry.status, entry.answer = error.status, error.body
        await self.platform.notify()
        headers = {"x-line-request-id": request_id, **error.headers}
        return web.json_response(error.body, status=error.status, headers=headers)

    async def _webhook_test(self, request: web.Request) -> web.StreamResponse:
        """Really call the webhook, with no events, and say how it went."""

        async def operation(platform: Platform, call: Call) -> Answer:
            url = call.body.get("endpoint") or platform.channel.webhook_url
            if not url:
                raise LineError(404, NOT_FOUND)
            return Answer(await self._deliverer.test(url))

        return await self._run(request, "POST", "/v2/bot/channel/webhook/test", operation)

    async def _issue_token(self, request: web.Request) -> web.StreamResponse:
        form = {key: str(value) for key, value in (await request.post()).items()}
        return await self._oauth(request, lambda: self.platform.access_tokens.issue_stateless(form))

    async def _verify_token(self, request: web.Request) -> web.StreamResponse:
        given = await request.post() if request.method == "POST" else request.query
        return await self._oauth(request, lambda: self.platform.access_tokens.verify(str(given.get("access_token"))))

    async def _oauth(self, request: web.Request, answer: Callable[[], JSON]) -> web.StreamResponse:
        """Answer a token operation. The form is not logged: it holds the channel's secret."""
        entry = LoggedRequest(request.method, request.path, request.path, {}, {}, at=self.platform.clock.now())
        self.requests.append(entry)
        fault = self.faults.take(request.path)
        kind = await self._meet(fault, entry)
        if kind is FaultKind.DROP:
            return _cut(request)
        if fault is not None and kind is FaultKind.STATUS:
            return await self._refuse(entry, LineError(fault.status, "A failure on order"), str(uuid.uuid4()))
        try:
            body = answer()
        except LineError as error:
            return await self._refuse(entry, error, str(uuid.uuid4()))
        entry.status = 200
        return web.json_response(body)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        """Tell an operation LINE has and this simulator has not (501) from one that LINE has not either (404)."""
        entry = await self._log(request, request.path)
        known = any(_fits(template, request.path) for template in load_spec(MESSAGING_API)["paths"])
        data_host = any(_fits(template, request.path) for _, template in operations.DATA)
        error = LineError(501, NOT_SIMULATED) if known and not data_host else LineError(404, NOT_FOUND)
        return await self._refuse(entry, error, str(uuid.uuid4()))


def _line_path(request: web.Request) -> str:
    return request.path.removeprefix(DATA_PREFIX)


def _fits(template: str, path: str) -> bool:
    steps, given = template.split("/"), path.split("/")
    return len(steps) == len(given) and all(a == b or a.startswith("{") for a, b in zip(steps, given, strict=True))


def _cut(request: web.Request) -> web.Response:
    """Cut the connection; what is returned has nowhere to go."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _respond(answer: Answer, headers: dict[str, str]) -> web.Response:
    if answer.data is not None:
        return web.Response(body=answer.data, content_type=answer.mime_type, headers=headers)
    return web.json_response(answer.body, status=answer.status, headers=headers)
