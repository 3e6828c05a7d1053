"""As much of Hugging Face's hub as publishing a data set takes: repositories, uploads of any size, tags."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class FakeHub:
    """What was published. `files` are those of the repository's newest commit."""

    repositories: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    """Large files by SHA-256."""
    commits: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    protected_tags: set[str] = field(default_factory=set)
    """Those that may not be deleted."""
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/api/repos/create", self._create),
                web.get("/api/datasets/{owner}/{name}", self._info),
                web.get("/api/datasets/{owner}/{name}/revision/{revision}", self._info),
                web.get("/api/datasets/{owner}/{name}/tree/{revision}{path:.*}", self._tree),
                web.post("/api/validate-yaml", self._accept),
                web.post("/api/datasets/{owner}/{name}/preupload/{revision}", self._preupload),
                web.post("/datasets/{owner}/{name}.git/info/lfs/objects/batch", self._batch),
                web.put("/objects/{sha256}", self._put),
                web.post("/api/datasets/{owner}/{name}/commit/{revision}", self._commit),
                web.post("/api/datasets/{owner}/{name}/tag/{revision}", self._tag),
                web.delete("/api/datasets/{owner}/{name}/tag/{tag}", self._untag),
                web.get("/api/datasets/{owner}/{name}/refs", self._refs),
                web.post("/api/datasets/{owner}/{name}/super-squash/{revision}", self._squash),
            ]
        )
        return app

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.repositories.add(f"{asked['organization']}/{asked['name']}")
        return web.json_response({"url": f"{self.url}/datasets/{asked['organization']}/{asked['name']}"})

    async def _info(self, request: web.Request) -> web.Response:
        siblings = [{"rfilename": name} for name in self.files]
        return web.json_response(
            {"id": "owner/name", "sha": "0" * 40, "siblings": siblings, "tags": [], "private": False}
        )

    async def _tree(self, request: web.Request) -> web.Response:
        return web.json_response(
            [{"type": "file", "path": name, "size": len(body), "oid": "0" * 40} for name, body in self.files.items()]
        )

    async def _accept(self, request: web.Request) -> web.Response:
        return web.json_response({"errors": [], "warnings": []})

    async def _preupload(self, request: web.Request) -> web.Response:
        asked = await request.json()
        files = [
            {
                "path": one["path"],
                "uploadMode": "regular" if one["path"].endswith((".md", ".json")) else "lfs",
                "shouldIgnore": False,
                "oid": None,
            }
            for one in asked["files"]
        ]
        return web.json_response({"files": files})

    async def _batch(self, request: web.Request) -> web.Response:
        asked = await request.json()
        objects = [
            {
                "oid": one["oid"],
                "size": one["size"],
                "actions": {"upload": {"href": f"{self.url}/objects/{one['oid']}"}},
            }
            for one in asked["objects"]
        ]
        return web.json_response({"transfer": "basic", "objects": objects})

    async def _put(self, request: web.Request) -> web.Response:
        self.objects[request.match_info["sha256"]] = await request.read()
        return web.Response()

    async def _commit(self, request: web.Request) -> web.Response:
        for line in (await request.read()).splitlines():
            one = json.loads(line)
            value = one["value"]
            if one["key"] == "header":
                self.commits.append(value["summary"])
            elif one["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif one["key"] == "lfsFile":
                self.files[value["path"]] = self.objects[value["oid"]]
            elif one["key"] == "deletedFile":
                del self.files[value["path"]]
        return web.json_response(
            {"commitUrl": f"{self.url}/datasets/owner/name/commit/{'0' * 40}", "commitOid": "0" * 40, "success": True}
        )

    async def _tag(self, request: web.Request) -> web.Response:
        self.tags.append((await request.json())["tag"])
        return web.json_response({})

    async def _untag(self, request: web.Request) -> web.Response:
        if request.match_info["tag"] in self.protected_tags:
            raise web.HTTPForbidden
        self.tags.remove(request.match_info["tag"])
        return web.json_response({})

    async def _refs(self, request: web.Request) -> web.Response:
        tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": "0" * 40} for tag in self.tags]
        return web.json_response({"branches": [], "converts": [], "tags": tags})

    async def _squash(self, request: web.Request) -> web.Response:
        self.commits = [(await request.json())["message"]]
        return web.json_response({})


@asynccontextmanager
async def running_hub() -> AsyncIterator[FakeHub]:
    hub = FakeHub()
    runner = web.AppRunner(hub.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield hub
    finally:
        await runner.cleanup()
