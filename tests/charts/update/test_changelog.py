from kubeaid_ci.charts.update import changelog


def test_the_publishers_changelog_comes_before_releases_sources_and_home():
    annotations = {
        "artifacthub.io/links": "- name: Docs\n  url: https://docs.example.com\n"
        "- name: Change log\n  url: https://example.com/CHANGES.md\n"
    }
    found = changelog.links(
        annotations, ["https://github.com/acme/web.git", "https://example.com"], "https://home.example.com"
    )
    assert found == (
        "https://example.com/CHANGES.md",
        "https://github.com/acme/web/releases",
        "https://github.com/acme/web.git",
        "https://example.com",
    )


def test_addresses_that_are_not_plain_are_left_out():
    odd = [
        "http://example.com",
        "javascript:alert(1)",
        "https://example.com/a b",
        "https://example.com/)](x",
        "https://example.com/<b>",
        "https://user@example.com/",
        "https://github.com/acme/web/issues/1",
        "https://example.com/" + "a" * 400,
    ]
    assert changelog.links({}, odd, None) == ()
    assert changelog.links({"artifacthub.io/links": "[{url: 3}, x, {"}, [], None) == ()


def test_listed_changes_are_told_on_one_line_each():
    said = "- kind: fixed\n  description: a\n    leak\n- plain\n- kind: added\n- description: only\n"
    assert changelog.changes({"artifacthub.io/changes": said}) == ("fixed: a leak", "plain", "only")
    assert changelog.changes({"artifacthub.io/changes": "{"}) == ()
    assert changelog.changes({}) == ()
