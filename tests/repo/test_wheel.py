"""The distribution as a user gets it: complete, and enough without anything of development."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.repo.syntax import PACKAGE_NAME, ROOT, repository_files

pytestmark = pytest.mark.packaging

IMPORT_EVERYTHING = f"""
import importlib, importlib.metadata, pkgutil
import {PACKAGE_NAME} as package
for module in pkgutil.walk_packages(package.__path__, "{PACKAGE_NAME}."):
    importlib.import_module(module.name)
print(importlib.metadata.version("mockforge-analytics"), package.__file__)
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Return what `command` prints; fail with all it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a source distribution, which shows that both are complete."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the locked run dependencies and the wheel, nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    python = folder / "venv" / "bin" / "python"
    uv = (sys.executable, "-m", "uv", "--quiet")
    run(*uv, "venv", "--python", sys.executable, "venv", cwd=folder)
    lock = ROOT / "requirements" / "run.txt"
    run(*uv, "pip", "install", "--python", python, "--require-hashes", "--requirement", lock, cwd=folder)
    run(*uv, "pip", "install", "--python", python, "--no-deps", "--offline", wheel, cwd=folder)
    return python


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    source = Path("src")
    expected = {str(name.relative_to(source)) for name in repository_files() if name.is_relative_to(source)}
    built = ROOT / source / PACKAGE_NAME / "ui_dist"
    assert (built / "index.html").is_file(), "run make ui"
    expected |= {str(path.relative_to(ROOT / source)) for path in built.rglob("*") if path.is_file()}
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_lock_satisfies_what_the_wheel_declares(clean_python: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "uv", "pip", "check", "--python", clean_python, cwd=tmp_path)


def test_every_module_imports_without_development_dependencies(clean_python: Path, tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version, file = run(clean_python, "-I", "-c", IMPORT_EVERYTHING, cwd=tmp_path).split()
    assert version == project["version"]
    assert Path(file).is_relative_to(clean_python.parents[1])


@pytest.mark.skipif(not (ROOT / "src" / PACKAGE_NAME / "__main__.py").exists(), reason="there is no command line yet")
def test_the_installed_command_prints_its_help(clean_python: Path, tmp_path: Path) -> None:
    assert "import" in run(clean_python.with_name("mockforge-analytics"), "--help", cwd=tmp_path)


def test_the_demo_runs_from_the_installed_wheel(clean_python: Path, tmp_path: Path) -> None:
    command = [str(clean_python.with_name("mockforge-analytics")), "demo", "--port", "0", "--no-history"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready at http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert "requests were answered" in out
