"""What every committed file keeps to."""

from __future__ import annotations

import re

import pytest

from tests.repo.syntax import ROOT, repository_files

LARGEST_FILE_BYTES = 3_200_000
# Folders of one machine; put together here so that this file does not find itself.
MACHINE_FOLDERS = ["/" + folder + "/" for folder in ("root", "work")]


def machine_paths(text: str) -> list[str]:
    folders = "|".join(re.escape(folder) for folder in [*MACHINE_FOLDERS, f"{ROOT}/"])
    return re.findall(rf"(?<![\w.:/-])(?:{folders})[^\s\"']*", text)


def test_no_file_holds_a_path_of_one_machine() -> None:
    files = [(name, (ROOT / name).read_bytes()) for name in repository_files()]
    texts = {str(name): content.decode(errors="replace") for name, content in files if b"\0" not in content}
    found = {name: paths for name, text in texts.items() if (paths := machine_paths(text))}
    assert not found


@pytest.mark.parametrize("folder", [*MACHINE_FOLDERS, f"{ROOT}/"])
def test_a_planted_path_is_found(folder: str) -> None:
    assert machine_paths(f'open("{folder}x.log")') == [f"{folder}x.log"]
    assert not machine_paths(f"https://example.com{MACHINE_FOLDERS[0]}x")


def test_files_stay_small() -> None:
    sizes = {str(name): (ROOT / name).stat().st_size for name in repository_files()}
    assert not {name: size for name, size in sizes.items() if size > LARGEST_FILE_BYTES}


def test_scripts_can_be_executed() -> None:
    scripts = [ROOT / name for name in repository_files() if name.suffix in ("", ".sh", ".py")]
    with_interpreter = [path for path in scripts if path.read_bytes().startswith(b"#!")]
    assert ROOT / ".ci" / "run" in with_interpreter
    executable = 0o100
    assert not [str(path) for path in with_interpreter if not path.stat().st_mode & executable]
