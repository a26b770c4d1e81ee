"""Who visits the shop, and what they ask for."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

from mockforge_analytics.demo.shop.store import CATEGORIES, PRODUCT_COUNT, USER_COUNT

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["VISITORS", "Ask", "Visitor", "next_ask"]

_API: Final = "/api/v1"
_SEARCHES: Final = (*CATEGORIES, "gift", "café", "desk lamp", "50% off", "item 1")
_REPORTS: Final = ("daily-sales", "inventory", "customers")
_GRAPHS: Final = ("{ categories }", "{ count }", "{ stock }")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; with `numbers` a conversation over a WebSocket instead, one message a number."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Visitor:
    """A client: its address (all of 127.0.0.0/8 is this machine), its agent, and what it does how often."""

    address: str
    agent: str
    habits: tuple[tuple[Callable[[random.Random], Ask], int], ...]


def next_ask(visitor: Visitor, rng: random.Random) -> Ask:
    """Return what the visitor asks next."""
    actions = [action for action, _ in visitor.habits]
    (action,) = rng.choices(actions, [weight for _, weight in visitor.habits])
    return action(rng)


def _chance(rng: random.Random, probability: float) -> bool:
    return rng.random() < probability


def _product_id(rng: random.Random) -> int:
    """Return the number of a product, small ones far more often; one in 100 does not exist."""
    return PRODUCT_COUNT + 1 if _chance(rng, 0.01) else 1 + int(PRODUCT_COUNT * rng.random() ** 2.2)


def _user(rng: random.Random) -> tuple[str, str]:
    return "Authorization", f"Bearer token-{1 + int(USER_COUNT * rng.random() ** 1.5)}"


def _send(method: str, path: str, document: object, *headers: tuple[str, str]) -> Ask:
    return Ask(method, path, (("Content-Type", "application/json"), *headers), json.dumps(document).encode())


def _home(_: random.Random) -> Ask:
    return Ask("GET", "/")


def _list(rng: random.Random) -> Ask:
    return Ask("GET", f"{_API}/products?category={rng.choice(CATEGORIES)}")


def _product(rng: random.Random) -> Ask:
    number = _product_id(rng)
    known = (("If-None-Match", f'"product-{number}"'),) if _chance(rng, 0.2) else ()
    return Ask("GET", f"{_API}/products/{number}", known)


def _reviews(rng: random.Random) -> Ask:
    return Ask("GET", f"{_API}/products/{_product_id(rng)}/reviews")


def _review(rng: random.Random) -> Ask:
    stars = rng.choice((1, 4, 5, 5, 5, 9))
    return _send("POST", f"{_API}/products/{_product_id(rng)}/reviews", {"stars": stars}, _user(rng))


def _search(rng: random.Random) -> Ask:
    return Ask("GET", f"{_API}/search?q={quote_plus(rng.choice(_SEARCHES))}")


def _login(rng: random.Random) -> Ask:
    user = rng.randint(1, USER_COUNT)
    password = f"password-{user}" if _chance(rng, 0.9) else "Password1"
    return _send("POST", f"{_API}/auth/login", {"user": user, "password": password})


def _recommendations(rng: random.Random) -> Ask:
    return Ask("GET", f"{_API}/recommendations", (_user(rng),))


def _add(rng: random.Random) -> Ask:
    return _send("POST", f"{_API}/cart/items", {"product": _product_id(rng)}, _user(rng))


def _cart(rng: random.Random) -> Ask:
    return Ask("GET", f"{_API}/cart", (_user(rng),) if _chance(rng, 0.95) else ())


def _checkout(rng: random.Random) -> Ask:
    return _send("POST", f"{_API}/checkout", {"payment": "card"}, _user(rng))


def _orders(rng: random.Random) -> Ask:
    return Ask("GET", f"{_API}/orders", (_user(rng),))


def _order(rng: random.Random) -> Ask:
    return Ask("GET", f"{_API}/orders/{rng.randint(1_000, 1_400)}", (_user(rng),))


def _report(rng: random.Random) -> Ask:
    name = rng.choice(("finance", "warehouse", "intern"))
    credentials = base64.b64encode(f"{name}:{name}-password".encode()).decode()
    return Ask("GET", f"{_API}/reports/{rng.choice(_REPORTS)}", (("Authorization", f"Basic {credentials}"),))


def _old(rng: random.Random) -> Ask:
    return Ask("GET", f"/v0/products/{_product_id(rng)}")


def _probe(rng: random.Random) -> Ask:
    return Ask("GET", rng.choice(("/robots.txt", "/.env", "/wp-login.php", "/favicon.ico", "/admin")))


def _upload(rng: random.Random) -> Ask:
    kind = rng.choice(("image/png", "image/jpeg", "image/heic"))
    return Ask("POST", f"{_API}/uploads", (("Content-Type", kind), _user(rng)), bytes(rng.randint(500, 50_000)))


def _graph(rng: random.Random) -> Ask:
    query = rng.choice((f"{{ product(id: {_product_id(rng)}) {{ name }} }}", *_GRAPHS))
    return _send("POST", "/graphql", {"query": query})


def _prices(rng: random.Random) -> Ask:
    return Ask("GET", f"{_API}/prices", numbers=tuple(_product_id(rng) for _ in range(rng.randint(1, 8))))


_BROWSER: Final = (
    (_home, 6), (_list, 12), (_product, 30), (_reviews, 10), (_search, 12), (_login, 3), (_recommendations, 5),
    (_add, 8), (_cart, 6), (_checkout, 3), (_orders, 2), (_review, 1), (_prices, 2),
)  # fmt: skip
_MOBILE: Final = (
    (_product, 25), (_recommendations, 15), (_search, 8), (_add, 8), (_cart, 8), (_checkout, 4), (_orders, 5),
    (_order, 4), (_upload, 1), (_graph, 12), (_prices, 4),
)  # fmt: skip
_PARTNER: Final = ((_product, 40), (_list, 10), (_graph, 10), (_order, 2), (_report, 2))
_CRAWLER: Final = ((_product, 10), (_old, 4), (_list, 3), (_probe, 1))
_SCANNER: Final = ((_probe, 5), (_old, 1))

_MOZILLA: Final = "Mozilla/5.0"
_CHROME: Final = (
    f"{_MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
_FIREFOX: Final = f"{_MOZILLA} (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
_SAFARI: Final = (
    f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 "
    "Safari/605.1.15"
)
_PHONE: Final = "ShopApp/4.2 (Android 16; Pixel 9)"
_GOOGLEBOT: Final = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

VISITORS: Final = tuple(
    Visitor(f"127.0.{group}.{number}", agent, habits)
    for group, (agent, habits, count) in enumerate(
        (
            (_CHROME, _BROWSER, 6),
            (_FIREFOX, _BROWSER, 4),
            (_SAFARI, _BROWSER, 4),
            (_PHONE, _MOBILE, 8),
            ("okhttp/5.2.1", _PARTNER, 2),
            (_GOOGLEBOT, _CRAWLER, 1),
            ("python-requests/2.32.5", _SCANNER, 1),
        ),
        start=1,
    )
    for number in range(1, count + 1)
)
