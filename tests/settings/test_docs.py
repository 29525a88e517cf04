"""The page about settings names every key that there is, and no other."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubeaid_ci
from kubeaid_ci import settings

PAGE = Path(kubeaid_ci.__file__).parents[1] / "docs/settings.md"
TABLES: Mapping[str, Mapping[str, Any]] = {
    "suppress": settings._SUPPRESSION,
    "publish": settings._PUBLISH,
    "upstreams": settings._UPSTREAMS,
    "charts.NAME": settings._CHART,
    "clusters.NAME": settings._CLUSTER,
    "repositories": settings._REPOSITORIES,
    "images": settings._IMAGES,
    "images.fields": settings._IMAGE_FIELDS,
    "images.declared": settings._DECLARED_IMAGES,
    "check": settings._CHECK,
    "waves": settings._WAVE,
    "scan": settings._SCAN,
    "scan.allow": settings._ALLOWED,
}


def keys() -> Iterator[str]:
    below = {name.partition(".")[0] for name in TABLES}
    yield from (name for name in settings._SETTINGS if name not in below)
    for above, table in TABLES.items():
        yield from (f"{above}.{name}" for name in table)


def test_every_key_is_in_the_table() -> None:
    section = PAGE.read_text("utf-8").partition("## Every key\n")[2].partition("\n## ")[0]
    first_cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = {key for cell in first_cells for key in re.findall(r"`([^`]+)`", cell)}
    assert named - {"suppress", "charts.NAME", "clusters.NAME"} == set(keys())
