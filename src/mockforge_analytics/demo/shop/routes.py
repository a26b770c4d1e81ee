"""The route handlers of the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from mockforge_analytics.demo.shop.requests import authenticated_user, basic_auth_user, json_object, query_int
from mockforge_analytics.demo.shop.store import (
    CATEGORIES,
    MAX_CART_ITEMS,
    PRODUCT_COUNT,
    USER_COUNT,
    Product,
    Shop,
    product,
)

if TYPE_CHECKING:
    from starlette.requests import Request

    from mockforge_analytics.demo.shop.store import Account, Order

__all__ = ["Handlers"]

_PAGE_SIZE = 20
_MAX_PAGE = 50
_MAX_QUANTITY = 9
_MAX_QUERY_LENGTH = 200
_PRODUCT_WITH_BROKEN_REVIEWS = 113
_MOVED_PREFIX = "/api/v1"
_DECLINED_USER_EVERY = 29
_REPORT_ROWS = {"daily-sales": 24, "inventory": 160, "customers": 90}
_REPORT_READERS = ("finance", "warehouse")
_UPLOAD_TYPES = ("image/png", "image/jpeg", "text/csv")


def _page_of(items: list[Product], page: int) -> JSONResponse:
    start = (page - 1) * _PAGE_SIZE
    return JSONResponse({"total": len(items), "page": page, "items": items[start : start + _PAGE_SIZE]})


def _all_products(category: str | None = None) -> list[Product]:
    known = (product(number) for number in range(1, PRODUCT_COUNT + 1))
    return [item for item in known if item and category in (None, item["category"])]


class Handlers:
    """Every handler, sharing one shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def _existing_product(self, product_id: int) -> Product:
        found = product(product_id)
        if found is None:
            gone = self._shop.discontinued(product_id)
            raise HTTPException(
                410 if gone else 404, f"Product {product_id} is {'no longer sold' if gone else 'unknown'}."
            )
        return found

    def _account(self, request: Request) -> Account:
        return self._shop.account(authenticated_user(request))

    async def home(self, _request: Request) -> Response:
        return RedirectResponse("/static/index.html", status_code=302)

    async def moved(self, request: Request) -> Response:
        return RedirectResponse(f"{_MOVED_PREFIX}/{request.path_params['rest']}", status_code=301)

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def login(self, request: Request) -> Response:
        body = await json_object(request)
        user, password = body.get("user"), body.get("password")
        if not isinstance(user, int) or not isinstance(password, str):
            raise HTTPException(422, "'user' must be an integer and 'password' a string.")
        if not 1 <= user <= USER_COUNT or password != f"password-{user}":
            raise HTTPException(401, "Unknown user or wrong password.")
        return JSONResponse({"token": f"token-{user}"})

    async def logout(self, request: Request) -> Response:
        authenticated_user(request)
        return Response(status_code=204)

    async def products(self, request: Request) -> Response:
        category = request.query_params.get("category")
        if category is not None and category not in CATEGORIES:
            raise HTTPException(422, f"'category' must be one of {', '.join(CATEGORIES)}.")
        page = query_int(request, "page", default=1, low=1, high=_MAX_PAGE)
        return _page_of(_all_products(category), page)

    async def product(self, request: Request) -> Response:
        found = self._existing_product(request.path_params["product_id"])
        etag = f'"product-{found["id"]}"'
        headers = {"ETag": etag, "Cache-Control": "max-age=60"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return JSONResponse(found, headers=headers)

    async def reviews(self, request: Request) -> Response:
        product_id = self._existing_product(request.path_params["product_id"])["id"]
        if request.method == "POST":
            authenticated_user(request)
            stars = (await json_object(request)).get("stars")
            if stars not in range(1, 6):
                raise HTTPException(422, "'stars' must be an integer from 1 to 5.")
            return JSONResponse({"product": product_id, "stars": stars}, status_code=201)
        if product_id == _PRODUCT_WITH_BROKEN_REVIEWS:
            raise HTTPException(500, "The reviews of this product cannot be read.")
        texts = [{"stars": 1 + (product_id + n) % 5, "text": "As described." * (1 + n)} for n in range(product_id % 7)]
        return JSONResponse({"product": product_id, "reviews": texts})

    async def search(self, request: Request) -> Response:
        text = request.query_params.get("q", "")
        if not 1 <= len(text) <= _MAX_QUERY_LENGTH:
            raise HTTPException(422, f"'q' must have 1 to {_MAX_QUERY_LENGTH} characters.")
        page = query_int(request, "page", default=1, low=1, high=_MAX_PAGE)
        return _page_of([item for item in _all_products() if text.lower() in item["name"].lower()], page)

    async def recommendations(self, request: Request) -> Response:
        user_id = authenticated_user(request)
        wanted = {1 + (user_id * 7 + n * 31) % PRODUCT_COUNT for n in range(6)}
        return JSONResponse([item for item in map(product, sorted(wanted)) if item])

    async def cart(self, request: Request) -> Response:
        account = self._account(request)
        return JSONResponse({"items": {str(item): quantity for item, quantity in account.cart.items()}})

    async def add_to_cart(self, request: Request) -> Response:
        account = self._account(request)
        body = await json_object(request)
        product_id, quantity = body.get("product"), body.get("quantity", 1)
        if not isinstance(product_id, int) or quantity not in range(1, _MAX_QUANTITY + 1):
            raise HTTPException(422, f"'product' must be an integer and 'quantity' one from 1 to {_MAX_QUANTITY}.")
        found = self._existing_product(product_id)
        if not found["in_stock"] or len(account.cart) >= MAX_CART_ITEMS:
            raise HTTPException(409, "The product is sold out, or the cart is full.")
        account.cart[product_id] = account.cart.get(product_id, 0) + 1
        return JSONResponse({"product": product_id}, status_code=201)

    async def cart_item(self, request: Request) -> Response:
        account = self._account(request)
        product_id = request.path_params["product_id"]
        if product_id not in account.cart:
            raise HTTPException(404, f"Product {product_id} is not in the cart.")
        if request.method == "DELETE":
            del account.cart[product_id]
            return Response(status_code=204)
        quantity = (await json_object(request)).get("quantity")
        if not isinstance(quantity, int) or not 1 <= quantity <= _MAX_QUANTITY:
            raise HTTPException(422, f"'quantity' must be an integer from 1 to {_MAX_QUANTITY}.")
        account.cart[product_id] = quantity
        return JSONResponse({"product": product_id, "quantity": quantity})

    async def checkout(self, request: Request) -> Response:
        account = self._account(request)
        if not account.cart:
            raise HTTPException(409, "The cart is empty.")
        if account.user_id % _DECLINED_USER_EVERY == 0:
            raise HTTPException(402, "The payment was declined.")
        return JSONResponse(self._shop.place_order(account), status_code=201)

    async def orders(self, request: Request) -> Response:
        return JSONResponse(list(self._account(request).orders))

    def _order(self, request: Request) -> Order:
        order_id = request.path_params["order_id"]
        for order in self._account(request).orders:
            if order["id"] == order_id:
                return order
        raise HTTPException(404, f"You have no order {order_id}.")

    async def order(self, request: Request) -> Response:
        return JSONResponse(self._order(request))

    async def cancel_order(self, request: Request) -> Response:
        order = self._order(request)
        if order["status"] == "cancelled":
            raise HTTPException(409, "The order is cancelled already.")
        order["status"] = "cancelled"
        return JSONResponse(order, status_code=202)

    async def me(self, request: Request) -> Response:
        user_id = authenticated_user(request)
        if request.method == "PUT" and "name" not in await json_object(request):
            raise HTTPException(422, "'name' is missing.")
        return JSONResponse({"id": user_id, "name": f"User {user_id}"})

    async def user(self, request: Request) -> Response:
        if authenticated_user(request) != request.path_params["user_id"]:
            raise HTTPException(403, "Users may read their own data only.")
        return await self.me(request)

    async def upload(self, request: Request) -> Response:
        authenticated_user(request)
        content_type = request.headers.get("content-type", "")
        if content_type not in _UPLOAD_TYPES:
            raise HTTPException(415, f"Send one of {', '.join(_UPLOAD_TYPES)}.")
        return JSONResponse({"bytes": len(await request.body())}, status_code=201)

    async def report(self, request: Request) -> Response:
        if basic_auth_user(request) not in _REPORT_READERS:
            raise HTTPException(403, "Reports are for finance and warehouse.")
        rows = _REPORT_ROWS.get(request.path_params["name"])
        if rows is None:
            raise HTTPException(404, f"Reports are {', '.join(_REPORT_ROWS)}.")
        return JSONResponse([{"row": row, "value": row * 17 % 101} for row in range(rows)])
