import pytest

from kubeaid_ci.helm.repository import mirrored, original

MIRRORS = {"https://charts.example.com": "https://m.corp/all/", "https://charts.example.com/web/": "https://m.corp/web"}


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://charts.example.com", "https://m.corp/all"),
        ("https://charts.example.com/api/a.tgz?x=1", "https://m.corp/all/api/a.tgz?x=1"),
        ("https://charts.example.com/web", "https://m.corp/web"),
        ("https://charts.example.com/web/a.tgz", "https://m.corp/web/a.tgz"),
        ("https://charts.example.com/website", "https://m.corp/all/website"),
        ("https://charts.example.company/web", "https://charts.example.company/web"),
        ("", ""),
    ],
)
def test_the_longest_prefix_that_ends_where_a_part_of_the_path_ends_is_asked_elsewhere(url, asked):
    assert mirrored(url, MIRRORS) == asked
    assert original(asked, MIRRORS) == url


def test_hosts_are_the_same_however_they_are_spelled_and_paths_are_not():
    assert mirrored("https://Charts.Example.com/a.tgz", MIRRORS) == "https://m.corp/all/a.tgz"
    assert mirrored("https://charts.example.com/Web", MIRRORS) == "https://m.corp/all/Web"
