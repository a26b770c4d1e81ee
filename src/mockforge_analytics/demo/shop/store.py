"""What the shop sells and remembers; in memory, bounded, and the same at every start."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TypedDict

__all__ = [
    "CATEGORIES",
    "MAX_CART_ITEMS",
    "PRODUCT_COUNT",
    "USER_COUNT",
    "Account",
    "Order",
    "Product",
    "Shop",
    "product",
]

PRODUCT_COUNT = 240
USER_COUNT = 400
MAX_CART_ITEMS = 12
_MAX_ORDERS_PER_USER = 20
_FIRST_ORDER_ID = 1_000
_SOLD_OUT_EVERY = 17
_DISCONTINUED_EVERY = 60
CATEGORIES = ("audio", "books", "camera", "garden", "kitchen", "office", "outdoor", "toys")
_DESCRIPTION = "Made to last, easy to repair, delivered in two days. "


class Product(TypedDict):
    """What is sold; prices in cents."""

    id: int
    name: str
    category: str
    price_cents: int
    in_stock: bool
    description: str


class Order(TypedDict):
    """What was bought: quantities by product id, as placed or cancelled."""

    id: int
    status: str
    total_cents: int
    items: dict[str, int]


@dataclass(slots=True)
class Account:
    """The cart (product id → quantity) and the latest orders of one user."""

    user_id: int
    cart: dict[int, int] = field(default_factory=dict)
    orders: deque[Order] = field(default_factory=lambda: deque(maxlen=_MAX_ORDERS_PER_USER))


def product(product_id: int) -> Product | None:
    """Return the product, or None where there is none or it is no longer sold (`Shop.discontinued` tells which)."""
    if not 1 <= product_id <= PRODUCT_COUNT or product_id % _DISCONTINUED_EVERY == 0:
        return None
    category = CATEGORIES[product_id % len(CATEGORIES)]
    return {
        "id": product_id,
        "name": f"{category.title()} item {product_id}",
        "category": category,
        "price_cents": 499 + product_id * 37 % 9_000,
        "in_stock": product_id % _SOLD_OUT_EVERY != 0,
        "description": _DESCRIPTION * (1 + product_id % 9),
    }


class Shop:
    """Accounts and orders; memory is bounded by the number of users."""

    def __init__(self) -> None:
        self._accounts: dict[int, Account] = {}
        self._next_order_id = _FIRST_ORDER_ID

    @staticmethod
    def discontinued(product_id: int) -> bool:
        """Tell whether the product existed once and is no longer sold."""
        return 1 <= product_id <= PRODUCT_COUNT and product_id % _DISCONTINUED_EVERY == 0

    def account(self, user_id: int) -> Account:
        """Return the account of a user in 1..USER_COUNT, made at first sight."""
        return self._accounts.setdefault(user_id, Account(user_id))

    def place_order(self, account: Account) -> Order:
        """Turn the cart into an order and leave the cart empty."""
        prices = {item: known["price_cents"] for item in account.cart if (known := product(item))}
        order: Order = {
            "id": self._next_order_id,
            "status": "placed",
            "total_cents": sum(prices.get(item, 0) * quantity for item, quantity in account.cart.items()),
            "items": {str(item): quantity for item, quantity in account.cart.items()},
        }
        self._next_order_id += 1
        account.orders.append(order)
        account.cart.clear()
        return order
