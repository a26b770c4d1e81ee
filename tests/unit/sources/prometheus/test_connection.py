"""Connections: certificates are checked, and those of the settings are enough."""

from __future__ import annotations

import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.collection import Collected
from mockforge_analytics.errors import ConfigError, SourceError
from mockforge_analytics.sources.prometheus.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def https(folder: Path) -> Iterator[str]:
    """Serve over TLS with a certificate that only the file ``cert.pem`` knows."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    command = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {key} -out {certificate}"
    names = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_certificates_are_checked(tmp_path: Path) -> None:
    with https(tmp_path) as url:
        with (
            Connection(Collected(url=url), monotonic) as unknown,
            pytest.raises(SourceError, match=r"cannot be asked.*(certificate|CERTIFICATE)"),
        ):
            unknown.get()
        with Connection(Collected(url=url, ca_file=str(tmp_path / "cert.pem")), monotonic) as known:
            assert known.get().body == b"ok"
        with Connection(Collected(url=url, insecure=True), monotonic) as careless:
            assert careless.get().body == b"ok"


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match=rf"certificates in .*{name} cannot be read"):
            Connection(Collected(url="https://x", ca_file=str(tmp_path / name)), monotonic)
