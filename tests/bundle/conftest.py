"""The platform that bundles are made of, made once and copied."""

import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from kubeaid_ci.demo.demo import Demo
from tests.bundle import platform


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Demo]:
    folder = tmp_path_factory.mktemp("platform")
    return folder, platform.make(folder / "origin")


@pytest.fixture
def demo(made_once: tuple[Path, Demo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """A copy of the platform below ``origin``; what was rendered for it before is cached."""
    folder, made = made_once
    shutil.copytree(folder / "origin", tmp_path / "origin", symlinks=True)
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(folder / "cache"))
    places = {field.name: tmp_path / getattr(made, field.name).relative_to(folder) for field in fields(Demo)}
    return Demo(**places)
