import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.semver.version import Version

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
    "text",
    [
        "", "latest", "1.x", "1.2.3.4", "HEAD", "9" * 9999, "1.0.0-" + "9" * 9999, "\uff11.2.3", " 1.0.0", "1.0.0\n",
        "1.0.0-rc.01", "1.0.0-", "1.0.0-a..b", "1.0.0+", "18446744073709551616.0.0", "V1.0.0", "1.0.0-\u00e9",
    ],
)  # fmt: skip
def test_text_that_is_no_version_is_refused(text):
    with pytest.raises(UserError, match="not a version"):
        Version.parse(text)


@pytest.mark.parametrize(
    ("text", "loose", "strict"),
    [
        ("1.0.0", True, True),
        ("1.0.0-rc.1+b.01", True, True),
        ("v1.0.0", True, False),
        ("1.0", True, False),
        ("20240101", True, False),
        ("01.0.0", True, False),
        ("1.0.0-01", False, False),
        ("0.2.1-061.4221738", False, False),
        ("0.2.0-n050.h2", True, True),
        ("1.0.0.0", False, False),
        ("main", False, False),
    ],
)
def test_helm_reads_versions_loosely_and_tags_strictly(text, loose, strict):
    for read, accepted in ((Version.parse, loose), (Version.parse_strict, strict)):
        if accepted:
            assert str(read(text)) == text
        else:
            with pytest.raises(UserError, match="not a version"):
                read(text)
