"""A stand-in for a Prometheus server with 10,000 series, in a process of its own: ``python -m bench.metrics_server``.

It prints its port, answers like a server that scrapes every 15 seconds, and tells at ``/asked`` how often it was asked.
"""

from __future__ import annotations

import http.server
import json
from typing import Any, Final
from urllib.parse import parse_qs

__all__ = ["SCRAPE_SECONDS", "SERIES"]

SCRAPE_SECONDS: Final = 15
COUNTERS: Final = 5_000
HISTOGRAMS: Final = 350
BOUNDS: Final = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "+Inf")
SERIES: Final = COUNTERS + HISTOGRAMS * (len(BOUNDS) + 1) + 100


def _series() -> list[tuple[dict[str, str], int]]:
    """Return the labels of every series, and by how much it grows with each scrape."""
    target = {"job": "shop", "instance": "shop:8000"}
    found = [({"__name__": "up", "job": "shop", "instance": f"shop:{number}"}, 0) for number in range(100)]
    for number in range(COUNTERS):
        labels = {"method": ("GET", "POST")[number % 2], "status": ("200", "404", "500")[number % 3]}
        metric = {"__name__": "http_requests_total", "handler": f"/shop/{number // 4}/items"}
        found.append(({**metric, **labels, **target}, number % 7 + 1))
    for number in range(HISTOGRAMS):
        labels = {"handler": f"/shop/{number}/items", **target}
        for place, bound in enumerate(BOUNDS):
            found.append(({"__name__": "http_request_duration_seconds_bucket", "le": bound, **labels}, place + 1))
        found.append(({"__name__": "http_request_duration_seconds_sum", **labels}, 3))
    return found


class _Handler(http.server.BaseHTTPRequestHandler):
    series = _series()
    asked = 0

    def do_GET(self) -> None:
        if self.path == "/asked":
            self._send(type(self).asked)
            return
        type(self).asked += 1
        self._send({"status": "success", "data": sorted({labels["__name__"] for labels, _ in self.series})})

    def do_POST(self) -> None:
        type(self).asked += 1
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        end = float(form["time"][0])
        start = end - int(form["query"][0].rpartition("[")[2].removesuffix("ms]")) / 1_000
        first = int(start // SCRAPE_SECONDS + 1) * SCRAPE_SECONDS
        times = range(first, int(end) + 1, SCRAPE_SECONDS)
        result = [
            {"metric": labels, "values": [(at, str(at // SCRAPE_SECONDS * step if step else 1)) for at in times]}
            for labels, step in self.series
        ]
        self._send({"status": "success", "data": {"resultType": "matrix", "result": result}})

    def _send(self, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until the process is ended."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
