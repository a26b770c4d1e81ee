"""How each kind of visitor behaves: a persona turns randomness into the steps of one visit."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from examples.recording.steps import Step, get, send_json
from mockforge_analytics.demo.shop.store import CATEGORIES, PRODUCT_COUNT, USER_COUNT

if TYPE_CHECKING:
    import random

__all__ = ["bot_visit", "browser_visit", "curl_visit", "mobile_visit", "monitor_visit", "partner_visit", "report_visit"]

_API = "/api/v1"
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(600)
_TOO_LARGE = bytes(300_000)
_SEARCHES = (
    *CATEGORIES,
    "item 1",
    "item 20",
    "audio item",
    "gift",
    "café",
    "desk lamp",
    "kids' toys",
    "item",
    "50% off",
)
# The modification time that nginx.py gives to every static file.
_SEEN_BEFORE = ("If-Modified-Since", "Sun, 01 Nov 2026 00:00:00 GMT")


def _chance(rng: random.Random, probability: float) -> bool:
    return rng.random() < probability


def _product(rng: random.Random) -> int:
    """Return a product id, small ids far more often; one in 150 does not exist."""
    if _chance(rng, 1 / 150):
        return PRODUCT_COUNT + rng.randrange(1, 60)
    return 1 + int(PRODUCT_COUNT * rng.random() ** 2.2)


def _user(rng: random.Random) -> int:
    return 1 + int(USER_COUNT * rng.random() ** 1.5)


def _bearer(user: int) -> tuple[str, str]:
    return "Authorization", f"Bearer token-{user}"


def _login(rng: random.Random, user: int, pause_s: float) -> list[Step]:
    """Return a login, after a mistyped password in one case of twelve."""
    right = send_json("POST", f"{_API}/auth/login", {"user": user, "password": f"password-{user}"}, pause_s=pause_s)
    if not _chance(rng, 1 / 12):
        return [right]
    return [send_json("POST", f"{_API}/auth/login", {"user": user, "password": "Password1"}, pause_s=pause_s), right]


def _search(rng: random.Random) -> str:
    words = rng.choice(_SEARCHES)
    page = f"&page={rng.randrange(2, 5)}" if _chance(rng, 0.2) else ""
    return f"{_API}/search?q={quote_plus(words)}{page}"


def _arrival(rng: random.Random) -> list[Step]:
    if _chance(rng, 0.4):
        assets = [get(f"/static/{name}", _SEEN_BEFORE, referer="/") for name in ("app.css", "app.js")]
    else:
        assets = [get(f"/static/{name}", referer="/") for name in ("app.css", "app.js", "logo.svg")]
        assets.append(get("/favicon.ico", referer="/"))
    return [get("/"), get("/static/index.html"), *assets]


def _look_at_product(rng: random.Random, pause_s: float) -> list[Step]:
    number = _product(rng)
    known = (("If-None-Match", f'"product-{number}"'),) if _chance(rng, 0.25) else ()
    steps = [get(f"{_API}/products/{number}", *known, referer="/", pause_s=pause_s)]
    if _chance(rng, 0.35):
        steps.append(get(f"{_API}/products/{number}/reviews", referer=f"/products/{number}"))
    return steps


def _buy(rng: random.Random, user: int, *, checkout: float) -> list[Step]:
    auth = _bearer(user)
    items = [_product(rng) for _ in range(rng.randrange(1, 4))]
    steps = [
        send_json("POST", f"{_API}/cart/items", {"product": item}, auth, referer=f"/products/{item}", pause_s=15)
        for item in items
    ]
    steps.append(get(f"{_API}/cart", auth, referer="/cart", pause_s=10))
    if _chance(rng, 0.3):
        quantity = rng.choice((1, 2, 3, 12))
        steps.append(send_json("PATCH", f"{_API}/cart/items/{items[0]}", {"quantity": quantity}, auth, pause_s=8))
    if _chance(rng, 0.2):
        steps.append(Step("DELETE", f"{_API}/cart/items/{items[-1]}", (auth,), pause_s=8))
    if _chance(rng, checkout):
        steps.append(Step("OPTIONS", f"{_API}/checkout", (("Origin", "https://shop.example"),), pause_s=20))
        steps.append(send_json("POST", f"{_API}/checkout", {"payment": "card"}, auth, referer="/cart"))
        steps.append(get(f"{_API}/orders", auth, referer="/account", pause_s=5))
    return steps


def browser_visit(rng: random.Random, _number: int) -> list[Step]:
    """A person at a desk: pages with their assets, searches, a few buy."""
    steps = _arrival(rng)
    steps.append(get(f"{_API}/products?page={rng.randrange(1, 4)}", referer="/", pause_s=4))
    for _ in range(rng.randrange(1, 6)):
        if _chance(rng, 0.3):
            steps.append(get(_search(rng), referer="/", pause_s=12))
        steps += _look_at_product(rng, pause_s=rng.uniform(5, 40))
    if _chance(rng, 0.35):
        user = _user(rng)
        steps += _login(rng, user, pause_s=10)
        steps.append(get(f"{_API}/recommendations", _bearer(user), referer="/"))
        steps += _buy(rng, user, checkout=0.6)
        if _chance(rng, 0.5):
            steps.append(Step("POST", f"{_API}/auth/logout", (_bearer(user),), pause_s=20))
    elif _chance(rng, 0.15):
        steps.append(get(f"{_API}/cart", referer="/", pause_s=6))
    return steps


def mobile_visit(rng: random.Random, number: int) -> list[Step]:
    """The mobile app: signed in for good, impatient on the search, sometimes with an old token."""
    user = 1 + number % USER_COUNT
    auth = ("Authorization", "Bearer expired") if _chance(rng, 0.02) else _bearer(user)
    steps = [get(f"{_API}/users/me", auth), get(f"{_API}/recommendations", auth)]
    steps.append(get(f"{_API}/products?category={rng.choice(CATEGORIES)}", auth, pause_s=6))
    viewed = rng.randrange(1, 5)
    steps += [get(f"{_API}/products/{_product(rng)}", auth, pause_s=rng.uniform(4, 30)) for _ in range(viewed)]
    if _chance(rng, 0.4):
        steps.append(Step("GET", _search(rng), (auth,), pause_s=10, patience_s=0.12))
    if _chance(rng, 0.25):
        steps += _buy(rng, user, checkout=0.7)
    if _chance(rng, 0.08):
        product, stars = _product(rng), rng.choice((1, 4, 5, 5, 7))
        steps.append(send_json("POST", f"{_API}/products/{product}/reviews", {"stars": stars}, auth, pause_s=40))
    if _chance(rng, 0.05):
        body, kind = rng.choice(((_PNG, "image/png"), (_PNG, "image/heic"), (_TOO_LARGE, "image/png")))
        steps.append(Step("POST", f"{_API}/uploads", (("Content-Type", kind), auth), body, pause_s=20))
    if _chance(rng, 0.1):
        steps.append(send_json("PUT", f"{_API}/users/me", {"name": "A"} if _chance(rng, 0.8) else {}, auth, pause_s=15))
    return steps


def partner_visit(rng: random.Random, number: int) -> list[Step]:
    """A program that walks the catalogue and the orders of its user, now and then off its end."""
    user = 1 + number * 7 % USER_COUNT
    auth = _bearer(user)
    start = rng.randrange(1, PRODUCT_COUNT)
    steps = [get(f"{_API}/products/{product}", auth) for product in range(start, start + rng.randrange(5, 25))]
    steps.append(get(f"{_API}/orders", auth, pause_s=2))
    order = 1_000 + rng.randrange(400)
    steps.append(
        rng.choice((get(f"{_API}/orders/{order}", auth), Step("POST", f"{_API}/orders/{order}/cancel", (auth,))))
    )
    if _chance(rng, 0.3):
        steps.append(get(f"{_API}/users/{user if _chance(rng, 0.5) else user + 1}", auth))
    if _chance(rng, 0.2):
        steps.append(get(f"{_API}/products?page={rng.choice(('0', '51', 'last', '%00'))}", auth))
    return steps


def curl_visit(rng: random.Random, _number: int) -> list[Step]:
    """Someone at a terminal who tries things, one connection each."""
    tries = (
        get(f"{_API}/products/{_product(rng)}"),
        get("/v0/products"),
        get(f"{_API}/products/"),
        Step("HEAD", f"{_API}/products/{_product(rng)}"),
        Step("HEAD", "/static/app.js"),
        Step("OPTIONS", f"{_API}/cart"),
        get("/static/app.js", ("Range", rng.choice(("bytes=0-1023", "bytes=900000-")))),
        get(f"{_API}/cart"),
        Step("DELETE", f"{_API}/products/1"),
        get("/legacy/export"),
        send_json("POST", f"{_API}/auth/login", {"user": "admin"}),
        Step("POST", f"{_API}/auth/login", (("Content-Type", "application/json"),), b"{"),
        get("/docs"),
    )
    return [rng.choice(tries) for _ in range(rng.randrange(1, 4))]


def bot_visit(rng: random.Random, _number: int) -> list[Step]:
    """A crawler: robots.txt first, then pages that exist and pages that did."""
    steps = [get("/robots.txt")] if _chance(rng, 0.5) else []
    for _ in range(rng.randrange(2, 8)):
        old = _chance(rng, 0.1)
        steps.append(get(f"/v0/products/{_product(rng)}" if old else f"{_API}/products/{_product(rng)}", pause_s=60))
    if _chance(rng, 0.2):
        steps.append(get(f"{_API}/products?page={rng.randrange(1, 14)}", pause_s=60))
    return steps


def monitor_visit(rng: random.Random, number: int) -> list[Step]:
    """A probe: the health route, or the front page through the whole chain."""
    del rng
    return [get("/health") if number % 2 else get("/static/index.html")]


def report_visit(rng: random.Random, _number: int) -> list[Step]:
    """A scheduled job that fetches slow reports with basic credentials, some of them wrong."""
    name = rng.choice(("finance", "finance", "warehouse", "intern"))
    password = f"{name}-password" if _chance(rng, 0.97) else "letmein"
    auth = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    report = rng.choice(("daily-sales", "inventory", "inventory", "customers"))
    return [get(f"{_API}/reports/{report}", ("Authorization", auth))]
