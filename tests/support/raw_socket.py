"""A WebSocket client that does only what it is told: it reads when asked to, and answers pings only if it should."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RawSocket", "raw_socket"]

_READ_BYTES = 1 << 20
_SECONDS = 30.0
_SMALL_BUFFER = 4_096


class RawSocket:
    """A connection whose receive buffer is small and which reads in `read_to_the_end` only."""

    def __init__(self, connection: socket.socket, url: str) -> None:
        self._socket = connection
        self._protocol = ClientProtocol(parse_uri(url), max_size=None)
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while not any(self._events()):
            pass

    def send(self, text: str) -> None:
        """Send a message."""
        self._protocol.send_text(text.encode())
        self._flush()

    def read_to_the_end(self, *, pong: bool = True) -> tuple[int, int | None, str]:
        """Read until the server ends the connection; return how many text messages came, and why it was closed."""
        messages = 0
        while self._protocol.close_rcvd is None:
            data = self._socket.recv(_READ_BYTES)
            if not data:
                return messages, None, ""
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                messages += isinstance(event, Frame) and event.opcode is Opcode.TEXT
            if pong:
                self._flush()
        return messages, self._protocol.close_rcvd.code, self._protocol.close_rcvd.reason

    def _events(self) -> list[object]:
        self._protocol.receive_data(self._socket.recv(_SMALL_BUFFER))
        return list(self._protocol.events_received())

    def _flush(self) -> None:
        self._socket.sendall(b"".join(self._protocol.data_to_send()))


@contextmanager
def raw_socket(url: str) -> Iterator[RawSocket]:
    """Connect to the WebSocket at `url`."""
    address = parse_uri(url)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        connection.settimeout(_SECONDS)
        connection.connect((address.host, address.port))
        yield RawSocket(connection, url)
