"""Reads the settings file of a repository."""

from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.suppression import SETTINGS_FILE
from kubeaid_ci.settings import Settings, parse


def read(folder: Path) -> Settings:
    """What the settings file at the root of a repository says; nothing is set where there is none.

    Raises `UserError` naming file, line and key where it cannot be read.
    """
    path = folder / SETTINGS_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    return parse(text, where=str(path))
