"""The price feed of the shop: a WebSocket on which a client names products and gets their prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.websockets import WebSocketDisconnect

from mockforge_analytics.demo.shop.store import product

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

__all__ = ["prices"]

_UNSUPPORTED: Final = 1003
_DIGITS: Final = 6


async def prices(socket: WebSocket) -> None:
    """Answer each number of a product with its price, until the client leaves or sends something else."""
    await socket.accept()
    try:
        while True:
            text = await socket.receive_text()
            if not text.isdigit() or len(text) > _DIGITS:
                await socket.close(_UNSUPPORTED, "send the number of a product")
                return
            found = product(int(text))
            price = None if found is None else found["price_cents"]
            await socket.send_json({"product": int(text), "price_cents": price})
    except WebSocketDisconnect:
        return
