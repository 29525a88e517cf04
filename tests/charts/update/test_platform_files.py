import pytest

from kubeaid_ci.charts.update import platform_files
from kubeaid_ci.errors import UserError
from kubeaid_ci.settings.policy import Step

APPS = "kubeaid_apps:\n  - web\n  - api\n  - gone\n"
CHANGELOG = "# Changelog\n\n## KubeAid Release Version 32.4.0\n\n- x\n\n## KubeAid Release Version 32.3.1\n"


@pytest.mark.parametrize(
    ("text", "added", "expected"),
    [
        (APPS, ["web", "zoo", "bar"], APPS + "  - bar\n  - zoo\n"),
        (APPS, ["gone", "api"], APPS),
        (APPS.rstrip("\n"), ["zoo"], APPS + "  - zoo\n"),
        ("kubeaid_apps:\n- web # ours\n\n# end\n", ["zoo"], "kubeaid_apps:\n- web # ours\n\n# end\n- zoo\n"),
        ("kubeaid_apps:\r\n  - 'web'\r\n", ["zoo"], "kubeaid_apps:\r\n  - 'web'\r\n  - zoo\r\n"),
        ("kubeaid_apps: [web, api]\n", ["zoo"], "kubeaid_apps:\n  - web\n  - api\n  - zoo\n"),
        ("kubeaid_apps: []\n", ["zoo"], "kubeaid_apps:\n  - zoo\n"),
        ("kubeaid_apps:\n  - web\n...\n", ["zoo"], "kubeaid_apps:\n  - web\n  - zoo\n"),
    ],
)
def test_new_apps_come_last_and_all_other_lines_stay(text, added, expected):
    assert platform_files.apps(text, added) == expected


def test_the_list_of_apps_is_not_even_read_if_no_chart_is_added():
    texts = {platform_files.APPS: "[]", "VERSION": "1.0.0\n"}
    assert platform_files.following(texts, added=(), step=Step.MAJOR) == {}


def test_names_that_yaml_would_read_otherwise_are_quoted():
    text = platform_files.apps("kubeaid_apps: []\n", ["null", "1.0"])
    assert platform_files.documents.load(text, where="x") == {"kubeaid_apps": ["1.0", "null"]}


@pytest.mark.parametrize(
    "text", ["", "kubeaid_apps: {}\n", "other: []\n", "kubeaid_apps: [1]\n", "kubeaid_apps: []\nx: 1\n"]
)
def test_a_file_of_another_form_is_refused(text):
    with pytest.raises(UserError, match="expected kubeaid_apps and a list of names"):
        platform_files.apps(text, ["web"])


@pytest.mark.parametrize(
    ("now", "step", "after"),
    [
        ("32.4.0\n", Step.PATCH, "32.4.1\n"),
        ("32.4.0\n", Step.MINOR, "32.5.0\n"),
        ("32.4.0\n", Step.MAJOR, "33.0.0\n"),
        ("32.5.0\n", Step.MINOR, "32.5.0\n"),
        ("32.5.0\n", Step.PATCH, "32.5.0\n"),
        ("32.5.0\n", Step.MAJOR, "33.0.0\n"),
        ("33.0.0", Step.MINOR, "33.0.0"),
        ("none\n", Step.MAJOR, "none\n"),
    ],
)
def test_the_version_is_one_step_after_the_last_release_and_never_goes_back(now, step, after):
    assert platform_files.version(now, CHANGELOG, step) == after


def test_without_a_release_in_the_changelog_the_version_stays():
    assert platform_files.version("1.0.0\n", "# Changelog\n", Step.MAJOR) == "1.0.0\n"
