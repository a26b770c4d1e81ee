"""The files of the dashboard, with and without a build."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx
import pytest

from mockforge_analytics.api.app import BASE_PATH, build_app
from mockforge_analytics.config import AnalyticsConfig
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.service import services
from tests.support.leaks import SHARED_FOLDERS
from tests.support.server import serving_app
from tests.support.stores import FixedClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HTML = {"Accept": "text/html,application/xhtml+xml"}
SCRIPT = "console.log('a script that is long enough to be packed');" * 20
INDEX = (
    '<!doctype html><html><head><meta name="csp-nonce" content="__CSP_NONCE__"><link href="./assets/a-1.css"></head>'
    '<body><script type="module" src="./assets/a-1.js"></script></body></html>'
)


def build(folder: Path) -> Path:
    """Write what a build of the dashboard looks like."""
    built = folder / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text(INDEX)
    (built / "assets" / "a-1.js").write_text(SCRIPT)
    (built / "assets" / "font-1.woff2").write_bytes(bytes(range(256)))
    (built / "robots.txt").write_text("User-agent: *\nDisallow: /\n")
    (folder / "secret.txt").write_text("secret")
    (built / "link.txt").symlink_to(folder / "secret.txt")
    return built


@pytest.fixture(scope="module", params=["", "/sub/path"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server with a built dashboard, published below a path or not."""
    folder = tmp_path_factory.mktemp("dashboard")
    config = AnalyticsConfig.model_validate({"server": {"root_path": request.param}})
    SHARED_FOLDERS.add(folder)
    with AnalyticsDatabase.open(folder / "d.db", config=config, clock=FixedClock()) as database:
        made = replace(services(database, guarded=True), dashboard=build(folder))
        with serving_app(build_app(made)) as url, httpx.Client(base_url=url) as client:
            client.params = client.params.set("root", request.param)
            yield client
    SHARED_FOLDERS.remove(folder)


def root_of(page: httpx.Client) -> str:
    return str(page.params["root"])


def test_places_of_the_dashboard_lead_to_its_page(page: httpx.Client) -> None:
    for place in ("/", "/traffic", "/endpoints?duration=1h", "/deep/er"):
        answer = page.get(place, headers=HTML)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        (base,) = re.findall(r'<head><base href="([^"]*)">', answer.text)
        assert urljoin(f"http://localhost{root_of(page)}{place}", base) == f"http://localhost{root_of(page)}/"


@pytest.mark.parametrize("place", ["/", "/traffic", "/traffic/", "/deep/er", "/deep%2Fer?a=/b/c"])
def test_without_a_root_path_the_page_is_right_below_any_path(page: httpx.Client, place: str) -> None:
    """A proxy that takes a path off and says nothing is known to the browser alone, which resolves the base."""
    (base,) = re.findall(r'<base href="([^"]*)">', page.get(place, headers=HTML).text)
    if root_of(page):
        assert base == f"{root_of(page)}/"
    else:
        assert urljoin(f"http://localhost/some/where{place}", base) == "http://localhost/some/where/"


def test_the_page_and_its_policy_share_a_nonce_that_is_used_once(page: httpx.Client) -> None:
    seen = set()
    for _ in range(3):
        answer = page.get("/", headers=HTML)
        found = re.search(r'content="([^"]+)"', answer.text)
        assert found
        assert f"style-src 'self' 'nonce-{found[1]}'" in answer.headers["Content-Security-Policy"]
        seen.add(found[1])
    assert len(seen) == 3


def test_a_path_that_the_proxy_left_on_is_understood(page: httpx.Client) -> None:
    root = root_of(page)
    assert page.get(f"{root}/assets/a-1.js").text == SCRIPT
    assert page.get(f"{root}{BASE_PATH}/overview").json()["success"] is True
    assert page.get(f"{root}/traffic", headers=HTML).status_code == 200


def test_files_with_a_hash_in_their_name_are_kept_for_ever(page: httpx.Client) -> None:
    answer = page.get("/assets/a-1.js")
    assert answer.text == SCRIPT
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert page.get("/robots.txt").headers["Cache-Control"] == "no-cache"
    again = page.get("/assets/a-1.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_text_is_packed_where_that_is_taken(page: httpx.Client) -> None:
    with page.stream("GET", "/assets/a-1.js", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(raw).decode() == SCRIPT
    for taken in ("identity", "gzip;q=0", "zstd, br", "gzip;q=0.5, identity"):
        plain = page.get("/assets/a-1.js", headers={"Accept-Encoding": taken})
        assert plain.text == SCRIPT
        assert "Content-Encoding" not in plain.headers
    font = page.get("/assets/font-1.woff2")
    assert font.content == bytes(range(256))
    assert "Content-Encoding" not in font.headers


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/link.txt", "//etc/passwd",
     "/assets/%00", "/..%5csecret.txt", "/assets/none.js"],
)  # fmt: skip
def test_nothing_else_is_to_be_had(page: httpx.Client, path: str) -> None:
    request = page.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = page.send(request)
    assert answer.status_code == 404
    assert answer.json()["data"] is None
    assert "secret" not in answer.text


def test_unknown_routes_of_the_api_are_no_places(page: httpx.Client) -> None:
    assert page.get(f"{BASE_PATH}/nothing", headers=HTML).status_code == 404
    assert page.get("/assets/none.js", headers=HTML).status_code == 404
    assert page.post("/traffic", headers=HTML).status_code == 404
    assert page.get(f"{BASE_PATH}/events", headers=HTML).status_code == 405


def test_without_a_build_a_page_says_so(tmp_path: Path) -> None:
    with AnalyticsDatabase.open(tmp_path / "d.db", clock=FixedClock()) as database:
        made = replace(services(database, guarded=True), dashboard=tmp_path / "none")
        with serving_app(build_app(made)) as url:
            answer = httpx.get(url, headers=HTML)
    assert answer.status_code == 200
    assert "not part of this installation" in answer.text


def test_a_file_that_an_update_took_away_is_not_found(tmp_path: Path) -> None:
    with AnalyticsDatabase.open(tmp_path / "d.db", clock=FixedClock()) as database:
        built = build(tmp_path)
        with serving_app(build_app(replace(services(database, guarded=True), dashboard=built))) as url:
            (built / "assets" / "a-1.js").unlink()
            assert httpx.get(f"{url}/assets/a-1.js").status_code == 404
            assert httpx.get(f"{url}/robots.txt").status_code == 200
