"""Access logs for the benchmarks: deterministic, without a repeated line, clean or dirty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["write_log"]

CHUNK: Final = 200_000
ROUTES: Final = 240
CLIENTS: Final = 20_000
AGENTS: Final = 900
PAGES: Final = 400
USUAL_METHOD: Final = 0.96  # share of a route's requests with its own method
DIRT: Final = (
    b"\x16\x03\x01\x00\xee\x01\x00\x00\xea\x03\x03",
    b'203.0.113.9 - - [BAD] "GET / HTTP/1.1" 200 5 "-" "-"',
    b"",
    b'198.51.100.7 - - [17/May/2026:10:05:03 +0000] "\\x16\\x03\\x01\\x02" 400 150 "-" "-"',
    b'198.51.100.8 - - [17/May/2026:10:05:03 +0000] "GET /a\\"b HTTP/1.1" 404 9 "-" "say \\"hi\\""',
)


def _agents() -> list[str]:
    systems = (
        "Windows NT 10.0; Win64; x64",
        "Macintosh; Intel Mac OS X 10_15_7",
        "X11; Linux x86_64",
        "Linux; Android 14; Pixel 8",
        "iPhone; CPU iPhone OS 17_5 like Mac OS X",
    )
    found = [
        f"Mozilla/5.0 ({systems[i % 5]}) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{90 + i % 45}.0.{4000 + i}.{i % 200} Safari/537.36"
        for i in range(AGENTS - 4)
    ]
    return [*found, "curl/8.5.0", "python-requests/2.32.3", "Googlebot/2.1 (+http://www.google.com/bot.html)", "-"]


def _zipf(rng: np.random.Generator, size: int, n: int, exponent: float) -> NDArray[np.int64]:
    weights = np.arange(1, size + 1) ** -exponent
    return rng.choice(size, n, p=weights / weights.sum())


def _frame(rng: np.random.Generator, first: int, n: int, start: float, rate: float, latency: bool) -> pl.DataFrame:
    route = _zipf(rng, ROUTES, n, 1.0)
    client = _zipf(rng, CLIENTS, n, 0.8)
    at = start + (first + np.arange(n)) / rate + rng.uniform(0, 2, n)
    ids = rng.integers(1, 1_000_000, n)
    paths = (
        pl.when(pl.Series(route % 3 == 0))
        .then(pl.format("/api/v1/resource{}/{}", pl.Series(route), pl.Series(ids)))
        .when(pl.Series(route % 3 == 1))
        .then(pl.format("/assets/theme{}/page{}.html?ref={}", pl.Series(route), pl.Series(route % 7), pl.Series(ids)))
        .otherwise(pl.format("/shop/category-{}/items", pl.Series(route)))
    )
    method = pl.Series(["GET", "POST", "PUT", "DELETE", "HEAD"]).gather(
        np.where(rng.random(n) < USUAL_METHOD, route % 11 // 8, rng.integers(0, 5, n))
    )
    status = rng.choice(
        [200, 201, 204, 301, 304, 404, 403, 500, 503], n, p=[0.8, 0.04, 0.02, 0.02, 0.06, 0.04, 0.01, 0.006, 0.004]
    )
    when = pl.Series((at * 1_000_000).astype(np.int64)).cast(pl.Datetime("us")).dt.strftime("%d/%b/%Y:%H:%M:%S +0000")
    address = pl.format("10.{}.{}.{}", pl.Series(client >> 8 & 255), pl.Series(client & 255), pl.Series(client % 251))
    tail = pl.format(" {}", pl.Series(np.round(rng.lognormal(-3, 1, n), 3))) if latency else pl.lit("")
    return pl.select(
        line=pl.format(
            '{} - - [{}] "{} {} HTTP/1.1" {} {} "https://shop.example.org/page/{}" "{}"{}',
            address,
            when,
            method,
            paths,
            pl.Series(status),
            pl.Series(rng.integers(0, 60_000, n)),
            pl.Series(ids % PAGES),
            pl.Series(_agents()).gather(client * 7_919 % AGENTS),
            tail,
        )
    )


def write_log(
    path: Path,
    lines: int,
    *,
    start: float,
    rate: float = 100.0,
    latency: bool = True,
    dirty: bool = False,
    seed: int = 1,
) -> None:
    """Write `lines` lines in the combined format to `path`, `rate` a second from `start` (Unix seconds) on.

    With `latency` each line ends with its request time in seconds. With `dirty` one line in two hundred is followed by
    one of `DIRT`.
    """
    rng = np.random.default_rng(seed)
    with path.open("wb") as file:
        for first in range(0, lines, CHUNK):
            n = min(CHUNK, lines - first)
            text = _frame(rng, first, n, start, rate, latency)["line"].to_list()
            data = [line.encode() for line in text]
            if dirty:
                for number, at in enumerate(range(n - 1, 0, -200)):
                    data.insert(at, DIRT[number % len(DIRT)])
            file.write(b"\n".join(data) + b"\n")
