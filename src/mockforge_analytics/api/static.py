"""The dashboard: its built files, under whatever path a proxy publishes the server."""

from __future__ import annotations

import gzip
import secrets
from functools import lru_cache
from html import escape
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from anyio import to_thread
from starlette.responses import HTMLResponse, Response

from mockforge_analytics.api.encoding import accepted_encoding

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["Dashboard", "built_dashboard"]

_NONCE: Final = "__CSP_NONCE__"  # in index.html, it becomes the nonce of the answer
_NONCE_BYTES: Final = 16
_FOR_EVER: Final = "public, max-age=31536000, immutable"  # files under assets/ have the hash of their content as a name
_ASSETS: Final = "assets/"
_INDEX: Final = "index.html"
_PACKED_AS: Final = "gzip"
_PACKED: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")
_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_CACHED_FILES: Final = 256
_NO_PLACES: Final = ("api/", _ASSETS)  # what is missing there is missing
_NOT_BUILT: Final = (
    "<!doctype html><html lang=en><head><meta charset=utf-8><title>MockForge Traffic Analytics</title></head>"
    "<body><h1>The dashboard is not part of this installation</h1><p>The server works: its figures are at "
    '<a href="api/v2/analytics/overview">api/v2/analytics/overview</a>, its routes are described at '
    '<a href="api/v2/analytics/docs">api/v2/analytics/docs</a>. Released packages bring the dashboard; in a checkout '
    "<code>make ui</code> builds it.</p></body></html>"
)


def built_dashboard() -> Path:
    """Return the folder where the build of the dashboard lies, whether or not it is there."""
    return Path(str(files("mockforge_analytics") / "ui_dist"))


class Dashboard:
    """Answers GET requests for the files below `folder`; other addresses that a browser asks for get the page itself.

    The names of the files are read once: what is not among them does not exist, whatever `..` or links an address has.
    """

    def __init__(self, folder: Path) -> None:
        self._files = {str(PurePosixPath(path.relative_to(folder))): path for path in _regular(folder)}
        self._read = lru_cache(_CACHED_FILES)(_content)

    async def answer(self, request: Request) -> Response | None:
        """Return the file of the request, or the page where a browser asks for a place in it; else None."""
        if request.method not in ("GET", "HEAD"):
            return None
        name = _below(request.scope["path"], request.scope.get("root_path", "")).lstrip("/")
        if name in self._files and name != _INDEX:
            return await self._file(name, request)
        is_place = not name or "text/html" in request.headers.get("accept", "")
        return await self._page(request) if is_place and not name.startswith(_NO_PLACES) else None

    async def _file(self, name: str, request: Request) -> Response | None:
        try:
            plain, packed, etag = await to_thread.run_sync(self._read, self._files[name])
        except FileNotFoundError:  # an update of the program has taken it away meanwhile
            return None
        headers = {
            "ETag": etag,
            "Vary": "Accept-Encoding",
            "Cache-Control": _FOR_EVER if name.startswith(_ASSETS) else "no-cache",
        }
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        if packed is not None and accepted_encoding(request, (_PACKED_AS,)).encoding is not None:
            return Response(packed, headers={**headers, "Content-Encoding": _PACKED_AS}, media_type=_type_of(name))
        return Response(plain, headers=headers, media_type=_type_of(name))

    async def _page(self, request: Request) -> Response:
        """Return index.html with the base that its relative links need, and a nonce that is told to `Frame`."""
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        request.state.nonce = nonce
        text = _NOT_BUILT
        if _INDEX in self._files:
            plain, _, _ = await to_thread.run_sync(self._read, self._files[_INDEX])
            text = plain.decode("utf-8")
        text = text.replace("<head>", f'<head><base href="{escape(_base(request))}">', 1).replace(_NONCE, nonce)
        return HTMLResponse(text, headers={"Cache-Control": "no-cache"})


def _base(request: Request) -> str:
    """Return where the folder of the page is for a browser.

    Without a root path nobody has told under which path a proxy publishes the server, so the way there is told from
    the address that was asked for, whatever stands before it.
    """
    root = request.scope.get("root_path", "").rstrip("/")
    if root:
        return f"{root}/"
    asked = request.scope.get("raw_path", request.scope["path"].encode())  # as sent: %2F parts nothing
    return "../" * (asked.count(b"/") - 1) or "./"


def _below(path: str, root: str) -> str:
    """Return `path` without `root`, which a proxy may or may not have taken off."""
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def _regular(folder: Path) -> list[Path]:
    """Return the files below `folder`; links that lead elsewhere are left out."""
    inside = folder.resolve()
    return [path for path in folder.rglob("*") if path.is_file() and path.resolve().is_relative_to(inside)]


def _content(path: Path) -> tuple[bytes, bytes | None, str]:
    """Return the content of a file, the same packed where that pays, and its tag."""
    plain = path.read_bytes()
    state = path.stat()
    etag = f'"{state.st_mtime_ns:x}-{state.st_size:x}"'
    if not _type_of(path.name).startswith(_PACKED):
        return plain, None, etag
    packed = gzip.compress(plain, mtime=0)
    return plain, packed if len(packed) < len(plain) else None, etag


def _type_of(name: str) -> str:
    return _TYPES.get(PurePosixPath(name).suffix) or guess_type(name)[0] or "application/octet-stream"
