from dataclasses import fields
from datetime import date, timedelta

import pytest

from kubeaid_ci import settings
from kubeaid_ci.cli.publish import publish
from kubeaid_ci.cli.publish_options import chosen_publish_options
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import FailOn
from kubeaid_ci.findings.suppression import Suppression
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import ClusterSettings, Settings, UpstreamSettings, parse
from kubeaid_ci.settings.policy import ChartPolicy, Step
from kubeaid_ci.settings.publish import CommitVia, OnForeignCommits, PublishOptions

EVERYTHING = """\
kubeaid: https://git.example.com/acme/kubeaid
kubeaid-ref: pinned
jobs: 4
fail-on: warning
engine: gojsonnet
kubernetes-version: "1.31"
api-versions: [monitoring.coreos.com/v1]
suppress:
  - rule: chart/file-modified
    subject: buzz/buzz
    path: charts/**
    reason: removed on purpose
    until: 2027-06-30
  - rule: suppression-unused
    subject: "**"
    reason: one file for two teams
publish:
  forge: gitea
  forge-url: https://git.example.com/api/v1
  base: main
  per-cluster: true
  title: Rebuild
  reviewers: [anna]
  team-reviewers: [ops]
  assignees: [ben]
  labels: [kubeaid, ci]
  milestone: "7"
  draft: false
  auto-merge: false
  author: Robot <robot@example.com>
  sign: ssh
  sign-off: true
  commit-via: api
  on-foreign-commits: stack
  ca-bundle: ca.pem
upstreams:
  allow: [charts.corp]
  plain-http: ["registry.corp:5000"]
  mirrors: {https://charts.example.com: https://mirror.corp/charts}
  ca-bundle: corp.pem
charts:
  cilium: {pin: 1.18.2, group: network}
  "kube-*": {ignore: [2.0.0], allow: minor, prereleases: true, minimum-age: 5d}
clusters:
  prod: {kubernetes-version: v1.32.1, api-versions: [acme.example.com/v1]}
"""


def test_every_key_is_read_into_its_type() -> None:
    assert parse(EVERYTHING, where=".kubeaid-ci.yaml") == Settings(
        kubeaid="https://git.example.com/acme/kubeaid",
        kubeaid_ref="pinned",
        jobs=4,
        fail_on=FailOn.WARNING,
        engine="gojsonnet",
        kubernetes_version=Version.parse("1.31"),
        api_versions=("monitoring.coreos.com/v1",),
        suppress=(
            Suppression(
                "chart/file-modified",
                "buzz/buzz",
                "removed on purpose",
                "charts/**",
                date(2027, 6, 30),
                line=9,
            ),
            Suppression("suppression-unused", "**", "one file for two teams", line=14),
        ),
        publish=PublishOptions(
            forge="gitea",
            forge_url="https://git.example.com/api/v1",
            base="main",
            per_cluster=True,
            title="Rebuild",
            reviewers=("anna",),
            team_reviewers=("ops",),
            assignees=("ben",),
            labels=("kubeaid", "ci"),
            milestone="7",
            draft=False,
            auto_merge=False,
            author="Robot <robot@example.com>",
            sign="ssh",
            sign_off=True,
            commit_via=CommitVia.API,
            on_foreign_commits=OnForeignCommits.STACK,
            ca_bundle="ca.pem",
        ),
        upstreams=UpstreamSettings(
            ("charts.corp",),
            ("registry.corp:5000",),
            {"https://charts.example.com": "https://mirror.corp/charts"},
            "corp.pem",
        ),
        charts={
            "cilium": ChartPolicy(pin=Version.parse("1.18.2"), group="network"),
            "kube-*": ChartPolicy(
                ignore=(VersionRange.parse("2.0.0"),), allow=Step.MINOR, prereleases=True, minimum_age=timedelta(days=5)
            ),
        },
        clusters={"prod": ClusterSettings(Version.parse("v1.32.1"), ("acme.example.com/v1",))},
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "publish:\nsuppress:\ncharts:\n"])
def test_a_file_that_says_nothing_gives_settings_that_say_nothing(text: str) -> None:
    assert parse(text, where="x") == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobs: 1\nfail_on: error\n", "s.yaml:2: fail_on: no such setting; did you mean fail-on?"),
        (
            "\npublish:\n  reviewer: [a]\n",
            "s.yaml:3: publish.reviewer: no such setting; did you mean reviewers?",
        ),
        ("1: x\n", "s.yaml:1: 1: no such setting; there is kubeaid, kubeaid-ref, jobs, fail-on,"),
        (
            "clusters:\n  prod:\n    zzz: 1\n",
            "s.yaml:3: clusters.prod.zzz: no such setting; there is kubernetes-",
        ),
        ("- a\n", "s.yaml: expected keys with values, found a list"),
        ("upstreams: {mirors: {}}\n", "s.yaml:1: upstreams.mirors: no such setting; did you mean mirrors?"),
        ("upstreams: {mirrors: {a: ftp://b}}\n", "s.yaml:1: upstreams.mirrors.a: expected an address such as https://"),
        ("publish: [a]\n", "s.yaml:1: publish: expected keys with values, found a list"),
        ("kubeaid: [a]\n", "s.yaml:1: kubeaid: expected text, found a list"),
        ("kubeaid:\n", "s.yaml:1: kubeaid: expected text, found nothing"),
        ("kubeaid: true\n", "s.yaml:1: kubeaid: expected text, found true; write it in quotes"),
        ("kubeaid: ' '\n", "s.yaml:1: kubeaid: expected text, found ' '"),
        (
            "kubernetes-version: 1.30\n",
            "kubernetes-version: expected text, found 1.3; write it in quotes",
        ),
        ("kubernetes-version: new\n", "s.yaml:1: kubernetes-version: not a version: 'new'"),
        ("jobs: 0\n", "s.yaml:1: jobs: expected a whole number from 1, found 0"),
        ("jobs: true\n", "s.yaml:1: jobs: expected a whole number from 1, found true"),
        ("jobs: many\n", "s.yaml:1: jobs: expected a whole number from 1, found 'many'"),
        (
            "fail-on: eror\n",
            "s.yaml:1: fail-on: expected error, warning, info or never, found 'eror'; did you mean error?",
        ),
        (
            "engine: {a: 1}\n",
            "s.yaml:1: engine: expected rjsonnet, gojsonnet or jsonnet, found keys with values",
        ),
        ("api-versions: v1\n", "s.yaml:1: api-versions: expected a list, found 'v1'"),
        (
            "api-versions:\n  - v1\n  - 2\n",
            "s.yaml:3: api-versions[1]: expected text, found 2; write",
        ),
        ("publish: {draft: maybe}\n", "s.yaml:1: publish.draft: expected true or false, found 'maybe'"),
        (
            "publish: {author: me}\n",
            "s.yaml:1: publish.author: expected an author such as Name <name@example",
        ),
        (
            "publish: {forge-url: git.example.com}\n",
            "s.yaml:1: publish.forge-url: expected an address such as",
        ),
        (
            "charts: {a: {minimum-age: 5}}\n",
            "s.yaml:1: charts.a.minimum-age: expected a time such as 12h, 5d or 2w",
        ),
        (
            "charts: {a: {allow: most}}\n",
            "s.yaml:1: charts.a.allow: expected major, minor or patch, found 'most'",
        ),
        ("suppress:\n- rule: a/b\n  subject: x\n", "s.yaml:2: suppress[0]: reason is missing"),
        (
            "suppress:\n- {rule: a/b, subject: x, reason: why, until: soon}\n",
            "s.yaml:2: suppress[0].until: expected a date such as 2027-06-30, found 'soon'",
        ),
        (
            "suppress:\n- {rule: A B, subject: x, reason: why}\n",
            "s.yaml:2: suppress[0].rule: expected a rule such as build/stale, found 'A B'",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_key(text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        parse(text, where="s.yaml")
    assert message in str(error.value)
    assert str(error.value).startswith("s.yaml")


def test_a_date_in_quotes_is_a_date() -> None:
    text = "suppress: [{rule: a/b, subject: x, reason: why, until: '2027-06-30'}]"
    assert parse(text, where="x").suppress[0].until == date(2027, 6, 30)


def test_the_first_settings_win_and_the_suppressions_of_both_hold() -> None:
    config = parse(
        "jobs: 2\npublish: {draft: false, labels: [a]}\ncharts: {x: {group: g}}\nupstreams: {allow: [a]}\n"
        "suppress: [{rule: a/b, subject: x, reason: config}]\n",
        where="config",
    )
    platform = parse(
        "jobs: 8\nengine: jsonnet\npublish: {draft: true, labels: [b], base: main}\n"
        "upstreams: {allow: [b], mirrors: {'https://a': 'https://b'}}\n"
        "charts: {x: {pin: 1.0.0}, z: {pin: 2.0.0}}\nclusters: {prod: {api-versions: [v1]}}\n"
        "suppress: [{rule: a/b, subject: x, reason: platform}]\n",
        where="platform",
    )
    both = config.merge(platform)
    assert (both.jobs, both.engine) == (2, "jsonnet")
    assert both.publish == PublishOptions(draft=False, labels=("a",), base="main")
    assert both.charts == {"x": ChartPolicy(group="g"), "z": ChartPolicy(pin=Version.parse("2.0.0"))}
    assert both.upstreams == UpstreamSettings(allow=("a",), mirrors={"https://a": "https://b"})
    assert both.clusters == platform.clusters
    assert [suppression.reason for suppression in both.suppress] == ["config", "platform"]
    assert config.merge(Settings()) == config
    assert Settings().merge(platform) == platform


def test_a_file_and_the_command_line_have_the_same_options_of_publishing() -> None:
    options = {option.name for option in fields(PublishOptions)} - {"settings_forge_url"}
    assert options <= {parameter.name for parameter in publish.params}
    assert {key.replace("-", "_") for key in settings._PUBLISH} == options - {"dry_run", "preview"}


def test_the_command_line_wins_over_a_file_also_with_an_empty_list() -> None:
    in_file = parse(
        "publish: {labels: [a], reviewers: [anna], draft: true, commit-via: api, title: Theirs}", where="file"
    ).publish
    given = {"labels": "", "reviewers": "ben, eve", "draft": None, "title": "Ours", "other": 1}
    assert chosen_publish_options(given, in_file) == PublishOptions(
        reviewers=("ben", "eve"), draft=True, title="Ours", commit_via=CommitVia.API
    )
    assert given == {"other": 1}
