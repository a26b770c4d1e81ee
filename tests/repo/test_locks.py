"""Locks pin everything with hashes, belong together, and name no registry."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from tests.repo.syntax import ROOT, repository_files

LOCKS = ("bootstrap", "dev", "run", "ui")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)(?:\[[a-z,-]+\])?==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
COMMENT = re.compile(r"^\s*#")
ADDRESS = re.compile(r"[a-z+]+://|^\s*-|\bfile:|(?:^|\s)\.{0,2}/| @ ")


def read(lock: str) -> list[str]:
    return (ROOT / "requirements" / f"{lock}.txt").read_text().splitlines()


def pins(lock: str) -> dict[str, str]:
    """Return the version by name; markers may differ between locks."""
    matches = [match for line in read(lock) if (match := PIN.match(line))]
    return {match["name"]: match["version"] for match in matches}


def faults(lines: list[str]) -> list[str]:
    """Return lines that are neither a pin, a hash nor a comment, that hold an address, and pins without a hash."""
    found = [line for line in lines if not any(form.match(line) for form in (PIN, HASH, COMMENT))]
    found += [line for line in lines if not HASH.match(line) and ADDRESS.search(line)]
    pairs = zip(lines, [*lines[1:], ""], strict=True)
    return found + [line for line, following in pairs if PIN.match(line) and not HASH.match(following)]


def canonical(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pins_and_hashes_only(lock: str) -> None:
    assert not faults(read(lock))
    assert pins(lock)


def test_there_is_no_other_lock() -> None:
    found = {name.stem for name in repository_files() if name.parts[0] == "requirements"}
    assert found == set(LOCKS)


def test_every_declared_dependency_is_locked() -> None:
    declared = project()
    groups = declared["dependency-groups"]
    run = {canonical(name) for name in declared["project"]["dependencies"]}
    bootstrap = {canonical(name) for name in groups["bootstrap"]}
    ui = {canonical(name) for name in groups["ui"]}
    dev = {canonical(name) for name in groups["dev"] if isinstance(name, str)} | run | bootstrap | ui
    for lock, names in (("run", run), ("bootstrap", bootstrap), ("ui", ui), ("dev", dev)):
        assert names <= set(pins(lock)), f"requirements/{lock}.txt is old; run make lock"


@pytest.mark.parametrize("lock", ["bootstrap", "run", "ui"])
def test_the_locks_agree(lock: str) -> None:
    assert pins(lock).items() <= pins("dev").items(), "run make lock"


@pytest.mark.parametrize(
    "planted",
    [
        "--index-url https://mirror.example/simple",
        "--find-links /opt/wheels",
        "numpy @ file:///opt/numpy.whl",
        "-e .",
        "numpy==2.4.6",
        "numpy>=2.4 \\",
        "    # via https://mirror.example/simple",
        "    --hash=md5:00",
    ],
)
def test_a_planted_fault_is_found(planted: str) -> None:
    assert faults([planted])


def registry_addresses(node: object) -> list[str]:
    """Return every `resolved` address of a package-lock.json."""
    if isinstance(node, dict):
        own = [value for key, value in node.items() if key == "resolved" and isinstance(value, str)]
        return own + [address for value in node.values() for address in registry_addresses(value)]
    return []


def test_no_npm_lock_names_a_registry() -> None:
    locks = [name for name in repository_files() if name.name in ("package-lock.json", "npm-shrinkwrap.json")]
    found = {str(name): registry_addresses(json.loads((ROOT / name).read_text())) for name in locks}
    assert not any(found.values()), "set omit-lockfile-registry-resolved=true in .npmrc"


def test_a_planted_npm_address_is_found() -> None:
    planted = {"packages": {"node_modules/a": {"resolved": "https://mirror.example/a.tgz"}}}
    assert registry_addresses(planted) == ["https://mirror.example/a.tgz"]
