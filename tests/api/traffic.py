"""The traffic that the tests of the routes share: three busy hours and a thin week, of every kind."""

from __future__ import annotations

import random
from typing import Final

from tests.support.stores import DAY, HOUR, NOW
from tests.traffic import Row, row

__all__ = ["ENDPOINTS", "ROWS"]

ENDPOINTS: Final = ("/users/:id", "/orders", "/a,b", '/"quoted"', "=1+1", "/größe", "")


def _traffic() -> list[Row]:
    chance = random.Random(20_231_114)
    found = []
    for number in range(1_500):
        span = 3 * HOUR if number % 3 else 6 * DAY
        entry = row(
            NOW - 1 - chance.randrange(span),
            protocol=chance.choices(("HTTP", "gRPC", "MQTT"), [6, 2, 1])[0],
            method=chance.choices(("GET", "POST", "DELETE", ""), [6, 3, 1, 1])[0],
            endpoint=chance.choices(ENDPOINTS, [7, 5, 2, 2, 1, 2, 1])[0],
            status_code=chance.choices((200, 201, 302, 404, 429, 500, 0), [9, 2, 1, 3, 1, 2, 1])[0],
            workspace_id=chance.choices(("", "shop", "blog"), [4, 3, 1])[0],
            environment=chance.choices(("", "dev", "prod"), [1, 2, 3])[0],
            latency_us=chance.choice([None, *[round(chance.lognormvariate(9, 1.5)) for _ in range(5)]]),
            bytes_sent=chance.randrange(10_000),
            bytes_received=chance.randrange(300),
            client_ip=chance.choices(("192.0.2.1", "192.0.2.2", "2001:db8::1"), [5, 2, 1])[0],
            user_agent_family=chance.choices(("", "curl", "Wget"), [1, 3, 2])[0],
        )
        entry["timestamp"] += chance.randrange(1_000_000)
        found.append(entry)
    return found


ROWS: Final = _traffic()
