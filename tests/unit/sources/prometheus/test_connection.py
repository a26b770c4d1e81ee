"""Connections: certificates are checked, and those of the settings are enough."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
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
            Connection(Collected(url=url)) as unknown,
            pytest.raises(SourceError, match=r"cannot be asked.*(certificate|CERTIFICATE)"),
        ):
            unknown.get()
        with Connection(Collected(url=url, ca_file=str(tmp_path / "cert.pem"))) as known:
            assert known.get().body == b"ok"
        with Connection(Collected(url=url, insecure=True)) as careless:
            assert careless.get().body == b"ok"


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match=rf"certificates in .*{name} cannot be read"):
            Connection(Collected(url="https://x", ca_file=str(tmp_path / name)))


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def silent(said: bytes) -> Iterator[str]:
    """Listen; who connects first is told `said` and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        thread = threading.Thread(target=_say, args=(listener, said))
        thread.start()
        try:
            yield f"http://{host}:{port}"
        finally:
            socket.create_connection((host, port)).close()  # wakes the thread where nobody came
            thread.join()


def _say(listener: socket.socket, said: bytes) -> None:
    connection, _ = listener.accept()
    with connection, suppress(ConnectionError):
        connection.sendall(said)
        while connection.recv(4_096):
            pass


@pytest.mark.parametrize("said", [b"", GOOD[:30], GOOD[:-1]], ids=["nothing", "headers", "body"])
def test_an_answer_that_never_ends_is_given_up(said: bytes) -> None:
    """The timeout is ten minutes: waiting for it would be the failure."""
    failures = []
    with silent(said) as url, Connection(Collected(url=url, timeout_seconds=600)) as connection:

        def ask() -> None:
            try:
                connection.get()
            except SourceError as error:
                failures.append(str(error))

        thread = threading.Thread(target=ask)
        thread.start()
        connection.give_up()
        thread.join()
        assert failures == [f"asking {url} was given up"]
        ask()  # and nothing begins any more
        assert len(failures) == 2


def test_headers_that_trickle_are_bounded_as_a_whole() -> None:
    """Each byte comes in time, all of them never would."""
    over = threading.Event()

    def trickle(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not over.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=trickle, args=(listener,))
        thread.start()
        host, port = listener.getsockname()
        try:
            with (
                Connection(Collected(url=f"http://{host}:{port}", timeout_seconds=0.5)) as connection,
                pytest.raises(SourceError, match=r"takes longer than 0\.5 seconds"),
            ):
                connection.get()
        finally:
            over.set()
            thread.join()
