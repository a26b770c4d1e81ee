"""A real Prometheus server, and a target whose every request is counted twice: by it and by the test."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Prometheus", "Target", "prometheus", "target"]

BOUNDS: Final = (0.001, 0.01, 0.1, 1.0)
_SECONDS_TO_WAIT: Final = 60.0
_CONFIG: Final = """
global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}
scrape_configs:
  - job_name: shop
    params: {params}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@dataclass
class Target:
    """Exposes requests by method, path and status, and their latencies, as a process would that can restart."""

    port: int
    counted: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    latencies: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    scrapes: int = 0

    def request(self, method: str, path: str, status: str, seconds: float) -> None:
        """Serve one request."""
        with self.lock:
            self.counted[method, path, status] += 1
            self.latencies.setdefault((method, path), []).append(seconds)

    def restart(self) -> None:
        """Forget everything, as a new process does."""
        with self.lock:
            self.counted.clear()
            self.latencies.clear()

    def exposition(self) -> str:
        with self.lock:
            self.scrapes += 1
            lines = ["# TYPE http_requests_total counter"]
            for (method, path, status), count in self.counted.items():
                lines.append(f'http_requests_total{{method="{method}",handler="{path}",status="{status}"}} {count}')
            lines.append("# TYPE http_request_duration_seconds histogram")
            name = "http_request_duration_seconds"
            for (method, path), seconds in self.latencies.items():
                labels = f'method="{method}",handler="{path}"'
                for bound in (*BOUNDS, float("inf")):
                    le = "+Inf" if bound == float("inf") else str(bound)
                    count = sum(value <= bound for value in seconds)
                    lines.append(f'{name}_bucket{{{labels},le="{le}"}} {count}')
                lines += [f"{name}_sum{{{labels}}} {sum(seconds)}", f"{name}_count{{{labels}}} {len(seconds)}"]
        return "\n".join(lines) + "\n"


@contextmanager
def target() -> Iterator[Target]:
    """Serve a target on a free port."""
    exposed = Target(0)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exposed.exposition().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        exposed.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, name="target", daemon=True)
        thread.start()
        try:
            yield exposed
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Prometheus:
    """A running server."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def value(self, query: str) -> float:
        """Return the value of an instant query that has one result, NaN where it has none."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query}).raise_for_status().json()
        found = answer["data"]["result"]
        return float(found[0]["value"][1]) if found else float("nan")

    def wait_for(self, query: str, value: float) -> None:
        """Return when `query` has `value`."""
        _wait(lambda: self.value(query) == value, f"{query} to be {value}")


def _wait(done: Any, what: str) -> None:
    waiting = threading.Event()
    for _ in range(int(_SECONDS_TO_WAIT / 0.1)):
        try:
            if done():
                return
        except httpx.HTTPError:
            pass
        waiting.wait(0.1)
    message = f"waited in vain for {what}"
    raise AssertionError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def prometheus(
    folder: Path, exposed: Target, interval: str = "1s", *flags: str, **parameters: str
) -> Iterator[Prometheus]:
    """Run Debian's Prometheus over `folder`, which keeps its data between two runs, scraping `exposed`.

    `parameters` are those of the query of a scrape.
    """
    folder.mkdir(exist_ok=True)
    config = folder / "prometheus.yml"
    params = json.dumps({name: [value] for name, value in parameters.items()})
    config.write_text(_CONFIG.format(interval=interval, port=exposed.port, params=params))
    port = _free_port()
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
        *flags,
    ]
    with (folder / "log").open("ab") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(lambda: httpx.get(f"{url}/-/ready").status_code == httpx.codes.OK, "Prometheus to start")
            yield Prometheus(url, folder, process)
        finally:
            process.terminate()
            process.wait()
