"""The script behind the committed truth counts a log whose totals are known by hand."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "recording" / "truth.sh"

# Latencies in ms, sorted: 0 3 5 7 1200. Nearest rank of five: p50 is the 3rd, p95 and p99 the 5th.
LOG = rb"""192.0.2.1 - - [18/Nov/2026:13:00:01 +0000] "POST /api/v1/checkout HTTP/1.1" 500 21 "-" "a\x22b" 1.200
2001:db8::1 - finance [18/Nov/2026:13:59:59 +0000] "GET /caf\xC3\xA9?q=1 HTTP/1.1" 200 100 "-" "x" 0.005
127.0.0.9 - - [19/Nov/2026:00:00:00 +0000] "\x16\x03\x01" 400 150 "-" "-" 0.000
192.0.2.1 - - [18/Nov/2026:14:00:00 +0000] "GET /caf\xC3\xA9?q=2 HTTP/1.1" 200 7 "-" "x" 0.003
192.0.2.1 - - [19/Nov/2026:14:00:00 +0000] "GET http://shop.example/api/v1/checkout?x HTTP/1.1" 404 0 "-" "x" 0.007
this is no log line
"""


def test_totals_of_a_log_counted_by_hand(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(LOG)
    done = subprocess.run([SCRIPT, log], capture_output=True, check=True)
    truth = json.loads(done.stdout)
    assert (truth["lines"], truth["requests"], truth["bad_lines"], truth["malformed_request"]) == (6, 5, 1, 1)
    assert truth["status"] == {"200": 2, "400": 1, "404": 1, "500": 1}
    assert truth["methods"] == {"GET": 3, "POST": 1}
    assert (truth["errors"], truth["server_errors"], truth["bytes_sum"]) == (3, 1, 278)
    assert (truth["clients"], truth["ipv6_requests"], truth["user_agents"]) == (3, 1, 3)
    assert truth["top_paths"] == [
        ["/caf\\xC3\\xA9", 2],
        ["/api/v1/checkout", 1],
        ["http://shop.example/api/v1/checkout", 1],
    ]
    assert truth["top_origin_paths"] == [["/api/v1/checkout", 2], ["/caf\\xC3\\xA9", 2]]
    assert (truth["min_time"], truth["max_time"]) == ("2026-11-18T13:00:01Z", "2026-11-19T14:00:00Z")
    assert truth["latency_ms"] == {"count": 5, "sum": 1215, "min": 0, "p50": 5, "p95": 1200, "p99": 1200, "max": 1200}
    assert truth["hours_of_wednesday"] == {"13": 2, "14": 1}
    assert truth["days"] == {"18": 3, "19": 2}
    assert truth["out_of_order_lines"] == 1
