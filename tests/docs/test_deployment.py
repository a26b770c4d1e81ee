"""docs/deployment.md: its proxy configuration runs in a real nginx, its other files are what their readers accept."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import pytest
from websockets.sync.client import connect

from mockforge_analytics.cli.main import EXIT_CODES
from mockforge_analytics.config import AnalyticsConfig, load_config
from tests.support.process import server_process
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "deployment.md").read_text("utf-8")
BASE: Final = "/analytics/api/v2/analytics"
NAME: Final = "tools.example"
INSTRUCTIONS: Final = {"FROM", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "ENV", "HEALTHCHECK", "CMD"}


def blocks(language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"no block of {language}"
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def nginx(folder: Path, port: int, upstream: str) -> list[str]:
    """Return the command that runs nginx with the configuration of the page before the server at `upstream`."""
    location, mapping = blocks("nginx")
    location = location.replace("http://127.0.0.1:9180", upstream)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    server = f"server {{ listen 127.0.0.1:{port}; server_name {NAME}; {location} }}"
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}"
        f" http {{ access_log off; {paths} {mapping} {server} }}"
    )
    return [program("nginx"), "-p", str(folder), "-c", str(config), "-e", "stderr"]


def stripping_nginx(folder: Path, port: int, upstream: str) -> list[str]:
    """Return the command for nginx that takes the path off, as the page says."""
    return nginx(folder, port, f"{upstream}/")


def caddy(folder: Path, port: int, upstream: str) -> list[str]:
    """Return the command that runs Caddy with the configuration of the page, without a certificate."""
    (site,) = blocks("caddyfile")
    site = site.replace(f"{NAME} {{", f"http://{NAME}:{port} {{\n\tbind 127.0.0.1", 1)
    config = folder / "Caddyfile"
    config.write_text(
        f"{{\n\tadmin off\n\tstorage file_system {folder}/caddy\n}}\n"
        + site.replace("127.0.0.1:9180", upstream.removeprefix("http://"))
    )
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(config)]


def program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/bin")
    assert found, f"{name} is missing: `scripts/system-packages test` installs it"
    return found


@contextmanager
def proxy(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a proxy until the end of the block."""
    said = folder / "proxy.log"
    with said.open("w") as log:
        process = subprocess.Popen(command, stderr=log, env={"HOME": str(folder)})
    try:
        until(lambda: answers(port) or process.poll() is not None, "the proxy")
        assert process.poll() is None, said.read_text()
        yield
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("made", [nginx, stripping_nginx, caddy])
def test_the_server_works_below_a_path_of_a_proxy(tmp_path: Path, made: Callable[[Path, int, str], list[str]]) -> None:
    settings = tmp_path / "mockforge-analytics.toml"
    settings.write_text(blocks("toml")[0])
    port = free_port()
    with (
        server_process(tmp_path) as server,
        proxy(made(tmp_path, port, server.url.removesuffix("/analytics")), tmp_path, port),
    ):
        (secret,) = [line for line in server.printed if line.startswith("mfa_")]
        headers = {"Host": NAME, "Authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            assert client.get(f"{BASE}/overview").json()["data"]["total_requests"] == 0
            assert client.get(f"{BASE}/overview", headers={"Authorization": ""}).status_code == 401
            page = client.get("/analytics/", headers={"Accept": "text/html"})
            assert '<base href="/analytics/">' in page.text
            assert client.get("/analytics/traffic", headers={"Accept": "text/html"}).status_code == 200
            assert client.get(f"{BASE}/docs").status_code == 200
            event = {"method": "GET", "path": "/x", "status_code": 200}
            assert client.post(f"{BASE}/events", json=event).json()["data"]["stored"] == 1
        with socket.create_connection(("127.0.0.1", port)) as raw:
            address = f"ws://{NAME}{BASE}/stream"
            with connect(address, sock=raw, additional_headers={"Authorization": headers["Authorization"]}) as stream:
                assert "total_requests" in str(stream.recv(30))


def test_the_settings_of_the_page_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(blocks("toml")[0])
    server = load_config(file).server
    assert (server.root_path, server.allowed_hosts, server.require_token) == ("/analytics", (NAME,), True)
    (given,) = re.findall(r"MOCKFORGE_ANALYTICS_SERVER__ALLOWED_HOSTS='([^']+)'", PAGE)
    monkeypatch.setenv("MOCKFORGE_ANALYTICS_SERVER__ALLOWED_HOSTS", given)
    assert AnalyticsConfig().server.allowed_hosts == ("analytics",)


def test_the_unit_and_the_container_file_are_whole() -> None:
    unit = configparser.ConfigParser(strict=True)
    unit.read_string(blocks("ini")[0])
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    assert unit["Service"]["ExecStart"].split()[1] == "serve"
    lines = blocks("dockerfile")[0].replace("\\\n", " ").splitlines()
    assert {line.split()[0] for line in lines} == INSTRUCTIONS
    assert lines[0].startswith("FROM ")


def test_the_container_runs_what_its_file_says(tmp_path: Path) -> None:
    """Its command, with its variables, is healthy by its own check, and lets nobody in without the token it prints."""
    said = dict(line.split(maxsplit=1) for line in blocks("dockerfile")[0].replace("\\\n", " ").splitlines())
    name, _, path = said["ENV"].partition("=")
    assert path.startswith(f"{said['VOLUME']}/")
    program_name, command, *options = json.loads(said["CMD"])
    assert (program_name, command) == ("mockforge-analytics", "serve")
    database = tmp_path / path.removeprefix("/")
    with server_process(tmp_path, *options, "--database", database, **{name: str(database)}) as server:
        kind, _, check = said["HEALTHCHECK"].partition(" ")
        assert kind == "CMD"
        words = [
            word.replace(f"127.0.0.1:{said['EXPOSE']}", f"127.0.0.1:{server.url.rpartition(':')[2]}")
            for word in json.loads(check)
        ]
        assert words[0] == "python"
        assert subprocess.run([sys.executable, *words[1:]], check=False).returncode == 0
        (secret,) = [line for line in server.printed if line.startswith("mfa_")]
        route = server.client.build_request("GET", "/api/v2/analytics/overview")
        assert server.client.send(route).status_code == 401
        route.headers["Authorization"] = f"Bearer {secret}"
        assert server.client.send(route).status_code == 200


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    """Every line of it; a program that is here stands in for that of the page."""
    unit = tmp_path / "mockforge-analytics.service"
    unit.write_text(blocks("ini")[0].replace("/opt/mockforge-analytics/bin/mockforge-analytics", sys.executable))
    checked = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, str(unit) in checked.stderr) == (0, False), checked.stderr


def test_exit_codes_of_the_page_are_those_of_the_program() -> None:
    assert "exits with 2 or 6" in PAGE
    assert "setting" in EXIT_CODES[2]
    assert "locked" in EXIT_CODES[6]
