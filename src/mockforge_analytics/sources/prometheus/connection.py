"""One server over HTTP: what it answers is bounded in size and time, and comes from where it was asked for."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from mockforge_analytics.errors import ConfigError, InputTooLargeError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from mockforge_analytics.collection import Collected

__all__ = ["Answer", "Connection"]

_AGENT: Final = "mockforge-analytics"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, inflated."""

    status: int
    content_type: str
    body: bytes

    @property
    def is_fine(self) -> bool:
        """Whether the status is 2xx."""
        return httpx.codes.is_success(self.status)


class Connection:
    """Reaches what `settings` say, with their credentials, certificates and bounds.

    Redirects are not followed: credentials go where the settings say, and nobody who answers can have other addresses
    asked from here.
    """

    def __init__(self, settings: Collected, monotonic: Callable[[], float]) -> None:
        """Prepare to ask; nothing is sent yet.

        Raises:
            ConfigError: the certificates cannot be read.
        """
        self.address = settings.url
        self._settings = settings
        self._monotonic = monotonic
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        if settings.bearer_token is not None:
            headers["Authorization"] = f"Bearer {settings.bearer_token.get_secret_value()}"
        auth = None
        if settings.username is not None and settings.password is not None:
            auth = httpx.BasicAuth(settings.username, settings.password.get_secret_value())
        self._http = httpx.Client(
            headers={"User-Agent": _AGENT, **headers},
            auth=auth,
            verify=_trust(settings),
            timeout=settings.timeout_seconds,
            follow_redirects=False,
            trust_env=False,
        )

    def get(self, path: str = "", *, accept: str = "*/*", params: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET.

        Raises:
            InputTooLargeError: it answers with more than the settings allow.
            SourceError: it cannot be reached, redirects, or is too slow.
        """
        return self._answer(
            self._http.build_request("GET", self.address + path, headers={"Accept": accept}, params=params)
        )

    def post(self, path: str, form: Mapping[str, str]) -> Answer:
        """Return the answer to a form.

        Raises:
            SourceError: as `get`.
        """
        return self._answer(self._http.build_request("POST", self.address + path, data=dict(form)))

    def _answer(self, request: httpx.Request) -> Answer:
        deadline = self._monotonic() + self._settings.timeout_seconds
        parts: list[bytes] = []
        size = 0
        try:
            answer = self._http.send(request, stream=True)
            try:
                if answer.is_redirect:
                    message = f"{self.address} redirects elsewhere, which is not followed: give the address itself"
                    raise SourceError(message)
                for part in answer.iter_bytes():
                    size += len(part)
                    self._check(size, deadline)
                    parts.append(part)
            finally:
                answer.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"{self.address} cannot be asked: {str(error) or type(error).__name__}"
            raise SourceError(message) from error
        return Answer(answer.status_code, answer.headers.get("content-type", ""), b"".join(parts))

    def _check(self, size: int, deadline: float) -> None:
        if size > self._settings.max_body_bytes:
            message = f"{self.address} answers with more than {self._settings.max_body_bytes} bytes"
            raise InputTooLargeError(message)
        if self._monotonic() > deadline:
            message = f"{self.address} takes longer than {self._settings.timeout_seconds} seconds for an answer"
            raise SourceError(message)

    def close(self) -> None:
        """End it."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _trust(settings: Collected) -> ssl.SSLContext | bool:
    if settings.insecure:
        return False
    if settings.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificates in {settings.ca_file} cannot be read: {error}"
        raise ConfigError(message) from error
