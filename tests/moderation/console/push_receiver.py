"""A push service on this machine, and browsers that subscribe to it and read what they are sent.

Decrypts by RFC 8291 and 8188 and checks the signature by RFC 8292 with the primitives alone, so that the library that
encrypts does not judge itself.
"""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from moderation.console.push_service import Keys


def to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_base64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _derive(length: int, salt: bytes, secret: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def decrypt(body: bytes, private_key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """RFC 8291 section 3.4 over RFC 8188's one record."""
    salt, record_size, id_length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    sender, sealed = body[21 : 21 + id_length], body[21 + id_length :]
    assert len(sealed) <= record_size
    shared = private_key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    info = b"WebPush: info\0" + _point(private_key.public_key()) + sender
    secret = _derive(32, auth, shared, info)
    key = _derive(16, salt, secret, b"Content-Encoding: aes128gcm\0")
    nonce = _derive(12, salt, secret, b"Content-Encoding: nonce\0")
    plain = AESGCM(key).decrypt(nonce, sealed, None)
    text, delimiter, padding = plain.rpartition(b"\x02")
    assert delimiter
    assert not padding.strip(b"\0")
    return text


def read_token(authorization: str) -> dict[str, Any]:
    """The claims of `vapid t=…,k=…`, its signature checked."""
    scheme, _, rest = authorization.partition(" ")
    assert scheme == "vapid"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    signed, _, signature = parts["t"].rpartition(".")
    raw = from_base64(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64(parts["k"]))
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims: dict[str, Any] = json.loads(from_base64(signed.split(".")[1]))
    return {**claims, "k": parts["k"]}


@dataclass
class Browser:
    """One that has subscribed."""

    endpoint: str
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen bytes  !"
    shown: list[dict[str, str]] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)

    @property
    def keys(self) -> Keys:
        return Keys(self.endpoint, to_base64(_point(self.private_key.public_key())), to_base64(self.auth))


@dataclass
class PushServer:
    """Answers `status`, and hands on what it was given to the browser whose address it is."""

    port: int = 0
    status: int = 201
    retry_after: str = ""
    browsers: dict[str, Browser] = field(default_factory=dict)
    requests: list[web.Request] = field(default_factory=list)

    def subscribe(self) -> Browser:
        name = str(len(self.browsers))
        made = Browser(f"http://127.0.0.1:{self.port}/push/{name}")
        self.browsers[name] = made
        return made

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        if self.status == 201:
            browser = self.browsers[request.match_info["name"]]
            browser.tokens.append(read_token(request.headers["Authorization"]))
            assert request.headers["Content-Encoding"] == "aes128gcm"
            browser.shown.append(json.loads(decrypt(await request.read(), browser.private_key, browser.auth)))
        if self.status == 302:
            headers["Location"] = f"http://127.0.0.1:{self.port}/elsewhere"
        return web.Response(status=self.status, headers=headers)


@asynccontextmanager
async def open_push_server() -> AsyncIterator[PushServer]:
    opened = PushServer()
    app = web.Application()
    app.router.add_post("/push/{name}", opened.take)
    app.router.add_route("*", "/elsewhere", opened.take)
    async with TestServer(app) as server:
        assert server.port is not None
        opened.port = server.port
        yield opened
