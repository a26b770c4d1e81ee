"""The visitor no log is without: probes for holes, and bytes that are no HTTP at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.recording.steps import Client, RawStep, Step, get, send_json

if TYPE_CHECKING:
    import random

__all__ = ["SCANNER_AGENTS", "scanner_client", "scanner_visit"]

# A TLS 1.2 ClientHello as sent to the plain port: record header, handshake header, random bytes with a quote inside.
_CLIENT_HELLO = b'\x16\x03\x01\x00\xee\x01\x00\x00\xea\x03\x03"\x8b\x1c\xe4\x7f\x22\x5c\xc3\x28' + bytes(
    range(0x80, 0xB0)
)
SCANNER_AGENTS: tuple[str | None, ...] = (
    'Mozilla/5.0 "Hello, world"',
    "() { :; }; echo; /bin/cat /etc/passwd",
    "zgrab/0.x",
    None,
    'a\\"b\\\\',
    "Mozlila/5.0 ünïcödé \u2603",
    "-",
)
_PROBES = (
    "/.env",
    "/.git/config",
    "/wp-login.php",
    "/admin/",
    "/phpmyadmin/index.php?lang=en",
    "/cgi-bin/.%2e/.%2e/.%2e/bin/sh",
    "/api/v1/products/1%27%20OR%20%271%27=%271",
    "/actuator/health",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    '/search?q="><script>alert(1)</script>',
    "/caf\u00e9?x=\u2603",
    "/api/v1/search?q=" + "A" * 300,
    "/index.php?" + "&".join(f"p{n}=1" for n in range(40)),
    "/" + "../" * 6 + "etc/passwd",
    "/a b c",
    "/[::]",
    "//double//slash",
)
_RAW = (
    _CLIENT_HELLO,
    b"\x16\x03\x01\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/3.0\r\nHost: shop.example\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n\r\n\x00\x00\x00\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.9\r\n",
    b"MGLNDD_203.0.113.5_80\n",
    b"CONNECT mail.example:25 HTTP/1.1\r\nHost: mail.example:25\r\n\r\n",
    b"get / http/1.1\r\nHost: shop.example\r\n\r\n",
    b"GET /" + b"x" * 5_000 + b" HTTP/1.1\r\nHost: shop.example\r\n\r\n",
    b"POST /api/v1/uploads HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"GET /health HTTP/1.0\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: shop.ex",
)
_METHODS = ("PROPFIND", "TRACE", "TRACK", "PATCH", "DELETE", "PUT", "SEARCH", "QUIT")
_MAX_LOGIN_TRIES = 25


def scanner_client(rng: random.Random) -> Client:
    """Return one of the scanner's few faces."""
    return Client(f"192.0.2.{rng.randrange(200, 232)}", rng.choice(SCANNER_AGENTS))


def scanner_visit(rng: random.Random, _number: int) -> list[Step | RawStep]:
    """A handful of probes, raw bytes from loopback addresses, odd methods, absolute targets, or guessed passwords."""
    source = f"127.0.{rng.randrange(1, 4)}.{rng.randrange(1, 255)}"
    steps: list[Step | RawStep] = [get(rng.choice(_PROBES)) for _ in range(rng.randrange(2, 8))]
    steps += [RawStep(rng.choice(_RAW), source) for _ in range(rng.randrange(1, 5))]
    steps.append(Step(rng.choice(_METHODS), rng.choice(("/", "/api/v1/cart", "/static/app.js"))))
    steps.append(
        get(rng.choice(("http://shop.example/", "http://proxy.example:8080/x?y=1", "https://shop.example/.env")))
    )
    if rng.randrange(4) == 0:
        guess = send_json("POST", "/api/v1/auth/login", {"user": rng.randrange(1, 400), "password": "123456"})
        steps += [guess] * rng.randrange(5, _MAX_LOGIN_TRIES)
    return steps
