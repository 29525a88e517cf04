import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.version import Version

IN_ORDER = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "v1.0.1",
    "1.10.0",
    "2",
]


def test_versions_are_in_semver_order():
    assert [str(version) for version in sorted(map(Version.parse, reversed(IN_ORDER)))] == IN_ORDER


def test_prefix_and_build_metadata_do_not_order():
    assert Version.parse("v1.2.3+1") == Version.parse("1.2.3+2")
    assert len({Version.parse("v1.2.3"), Version.parse("1.2.3")}) == 1
    assert str(Version.parse("v1.2.3+1")) == "v1.2.3+1"


@pytest.mark.parametrize(
    "text", ["", "latest", "1.x", "1.2.3.4", "HEAD", "9" * 9999, "1.0.0-" + "9" * 9999, "\uff11.2.3"]
)
def test_text_that_is_no_version_is_refused(text):
    with pytest.raises(UserError, match="not a version"):
        Version.parse(text)
