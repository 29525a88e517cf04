"""The upstream of a chart: what it publishes is data, checked before anything of it is written."""

import pytest

from kubeaid_ci.helm.chart_archive import UnsafeArchive, read
from kubeaid_ci.net.source_addresses import Zone, literal
from tests.archives import tgz

NAMES = [
    "../outside",
    "web/../../outside",
    "/etc/passwd",
    "web/.git/config",
    "web/.GIT/hooks/pre-commit",
    "web/.git ./config",
    "web/git~1/config",
    "web/.g\u200dit/config",
    "web/a\\..\\b",
    "web/C:x",
    "web/\u202etxt.exe",
    "web/\u3164",
    "web/\x1b[2J",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_an_archive_with_a_name_that_leads_elsewhere_is_refused_whole(name: str) -> None:
    with pytest.raises(UnsafeArchive):
        read(tgz((name, b"x")), chart="web")


def test_an_archive_that_unpacks_to_more_than_is_read_is_refused() -> None:
    with pytest.raises(UnsafeArchive):
        read(tgz(("web/values.yaml", bytes(300 * 1024 * 1024))), chart="web")


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:0:169.254.169.254]", "0xa9fea9fe", "2852039166"])
def test_metadata_services_are_never_reached_in_whichever_notation(host: str) -> None:
    assert literal(host.strip("[]")) is Zone.NEVER
