"""`token …`: who may use the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mockforge_analytics.cli.group import Group
from mockforge_analytics.cli.options import ConfigOption, DatabaseOption, JsonOption
from mockforge_analytics.model.principal import Scope

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.model.principal import Token
    from mockforge_analytics.store.tokens import TokenFile

__all__ = ["create", "list_tokens", "revoke", "tokens"]

tokens = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Say who may use the server.\n\nTokens lie beside the database, in FILE-tokens, and only as hashes. A running "
    "server heeds a change at once. As soon as there is one token, the server requires one of everybody.",
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as ci or dashboard.")]
ScopeOption = Annotated[
    list[Scope] | None,
    typer.Option(
        "--scope",
        "-s",
        help="What it is good for: ingest sends events, read sees reports and the stream, admin may both; repeatable. "
        "Default: read.",
        show_default=False,
    ),
]
WorkspaceOption = Annotated[
    str | None,
    typer.Option(
        "--workspace", "-w", metavar="NAME", help="The only workspace it can see and write.", show_default=False
    ),
]
ExpiresOption = Annotated[
    str | None,
    typer.Option("--expires", metavar="SPAN", help="How long it is good, such as 12h or 90d.", show_default=False),
]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The id of the token, as `token list` shows it.")]


@tokens.command("create", no_args_is_help=True)
def create(
    name: NameArgument,
    scopes: ScopeOption = None,
    workspace: WorkspaceOption = None,
    expires: ExpiresOption = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a token and print it, once: only its hash is kept."""
    from mockforge_analytics.cli.screen import Screen, complain, write_json
    from mockforge_analytics.cli.session import watched_folder
    from mockforge_analytics.clock import SystemClock
    from mockforge_analytics.model.window import MICROSECONDS
    from mockforge_analytics.query.times import parse_duration

    expires_at = None
    if expires is not None:
        expires_at = SystemClock().now_us() + parse_duration(expires, "expires") * MICROSECONDS
    file = _file(database, config)
    tell_if_made = watched_folder(file.path)
    token, secret = file.create(name, scopes or [Scope.READ], workspace_id=workspace, expires_at=expires_at)
    tell_if_made()
    if as_json:
        write_json({**_document(token), "token": secret})
        return
    complain(f"token {token.id} ({name}): {_rights(token)}; it is shown this once")
    Screen().line(secret)


@tokens.command("list")
def list_tokens(as_json: JsonOption = False, database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """List the tokens: id, name, scopes, workspace, when made and until when good. Their text is not kept."""
    from mockforge_analytics.cli.screen import Screen, write_json

    found = _file(database, config).tokens()
    if as_json:
        write_json([_document(token) for token in found])
        return
    screen = Screen()
    if not found:
        screen.line("there are no tokens: on the loopback address the server requires none")
        return
    for token in found:
        screen.line(f"{token.id}  {token.name}: {_rights(token)}")


@tokens.command("revoke", no_args_is_help=True)
def revoke(token_id: IdArgument, database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Make a token worthless; a running server refuses it at once, and closes its sockets within seconds."""
    from mockforge_analytics.cli.screen import Screen

    token = _file(database, config).revoke(token_id)
    Screen().line(f"token {token.id} ({token.name}) is revoked")


def _file(database: Path | None, config: Path | None) -> TokenFile:
    from mockforge_analytics.cli.session import settings
    from mockforge_analytics.clock import SystemClock
    from mockforge_analytics.store.tokens import TokenFile

    return TokenFile(settings(database, config).database_path, SystemClock())


def _document(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "workspace_id": token.workspace_id,
        "created_at": _moment(token.created_at),
        "expires_at": None if token.expires_at is None else _moment(token.expires_at),
    }


def _rights(token: Token) -> str:
    parts = [", ".join(sorted(token.scopes))]
    if token.workspace_id is not None:
        parts.append(f"workspace {token.workspace_id} only")
    parts.append(f"made {_moment(token.created_at)}")
    if token.expires_at is not None:
        parts.append(f"good until {_moment(token.expires_at)}")
    return " · ".join(parts)


def _moment(microseconds: int) -> str:
    from datetime import UTC, datetime

    from mockforge_analytics.model.window import MICROSECONDS

    return datetime.fromtimestamp(microseconds // MICROSECONDS, UTC).isoformat().replace("+00:00", "Z")
