"""Settings of what is collected: what is refused, and that nothing of a secret shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.collection import Collected
from mockforge_analytics.config import load_config
from mockforge_analytics.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2-s3cret"


def written(folder: Path, text: str) -> Path:
    file = folder / "settings.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[prometheus]]\nurl = "ftp://x"', "an address such as http://localhost:9090"),
        ('[[prometheus]]\nurl = "http://u:hunter2-s3cret@x"', "credentials do not belong in the address"),
        ('[[scrape]]\nurl = "http://x/metrics?token=hunter2-s3cret"', "without a query"),
        ('[[scrape]]\nurl = "http://x"\nbearer_token = "hunter2-s3cret"\nusername = "u"\npassword = "p"', "either"),
        ('[[scrape]]\nurl = "http://x"\npassword = "hunter2-s3cret"', "belong together"),
        ('[[scrape]]\nurl = "http://x"\nheaders = { "a b" = "hunter2-s3cret" }', "no request header"),
        ('[[scrape]]\nurl = "http://x"\nheaders = { A = "hunter2-s3cret\\nB: c" }', "no request header"),
        ('[[scrape]]\nurl = "http://x"\ntoken = "hunter2-s3cret"', "scrape.0.token"),
        ('[[scrape]]\nurl = "http://x"\n[[scrape]]\nurl = "http://x/metrics"', "two sources have the name 'x'"),
        ('[[scrape]]\nurl = "http://x"\nname = "a b"', "scrape.0.name"),
        (
            '[[prometheus]]\nurl = "http://x"\n[[prometheus.mappings]]\nmetric = "a"\nkind = "bytes_sent"\n'
            "counts_requests = true",
            "counts_requests is for histograms",
        ),
        ('[[prometheus]]\nurl = "http://x"\nmatchers = { "a\\"}" = "b" }', "prometheus.0.matchers"),
        (
            '[[prometheus]]\nurl = "http://x"\n[[prometheus.mappings]]\nmetric = "a{}"\nkind = "requests"',
            "prometheus.0.mappings.0.metric",
        ),
    ],
)
def test_wrong_settings_are_named_and_secrets_are_not(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, text))
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_secret_never_shows(tmp_path: Path) -> None:
    config = load_config(
        written(
            tmp_path,
            f'[[scrape]]\nurl = "http://x/metrics/"\nbearer_token = "{SECRET}"\nheaders = {{ "X-Key" = "{SECRET}" }}\n'
            f'[[prometheus]]\nurl = "http://y"\nusername = "u"\npassword = "{SECRET}"',
        )
    )
    assert SECRET not in repr(config)
    assert SECRET not in config.model_dump_json()
    (target,) = config.scrape
    assert target.url == "http://x/metrics"
    assert target.label == "x"
    assert target.bearer_token is not None
    assert target.bearer_token.get_secret_value() == SECRET


def test_an_address_on_its_own() -> None:
    assert Collected.at("http://localhost:9090/").url == "http://localhost:9090"
    for wrong in ("localhost:9090", "http://", "file:///etc/passwd"):
        with pytest.raises(ConfigError, match="an address such as"):
            Collected.at(wrong)


def test_the_environment_names_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKFORGE_ANALYTICS_SCRAPE", '[{"url": "http://x/metrics", "interval_seconds": 5}]')
    settings: Any = load_config()
    assert [target.interval_seconds for target in settings.scrape] == [5]
