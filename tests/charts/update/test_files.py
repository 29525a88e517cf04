import pytest

from kubeaid_ci import documents
from kubeaid_ci.charts.update import files
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm import lock_digest
from kubeaid_ci.helm.chart import Chart, Dependency, Lock, Subchart

TEXT = """\
# Our own words.
apiVersion: v2
name: app
dependencies:
  - name: web   # the front
    alias: front
    version: "1.2.3"  # pinned by hand
    repository: https://charts.example.com
  - {name: db, version: v2.0.0, repository: 'oci://registry.example.com/charts'}
  - name: web
    alias: back
    version: 1.2.3
    repository: https://charts.example.com
  - name: lib
    version: ^1.0.0
    repository: https://charts.example.com
version: 0.1.0
"""


WEB, DB, WEB_AGAIN, LIB = range(4)


def declare(versions):
    return files.declare(TEXT, versions, where="Chart.yaml")


def test_only_the_versions_change_and_comments_quotes_and_order_stay():
    changed = declare({WEB: "1.3.0", DB: "v2.1.0", WEB_AGAIN: "1.4.0"})
    expected = (
        TEXT.replace('"1.2.3"', '"1.3.0"').replace("v2.0.0", "v2.1.0").replace("version: 1.2.3", "version: 1.4.0")
    )
    assert changed == expected
    assert declare({}) == declare({WEB: "1.2.3"}) == declare({9: "9"}) == TEXT


def test_of_two_dependencies_with_one_name_only_the_chosen_one_changes():
    assert declare({WEB_AGAIN: "1.3.0"}) == TEXT.replace("version: 1.2.3", "version: 1.3.0")


def test_a_range_that_allows_the_version_stays_and_another_is_replaced():
    assert declare({LIB: "1.9.0"}) == TEXT
    assert declare({LIB: "2.0.0"}) == TEXT.replace("^1.0.0", "2.0.0")


def test_a_version_that_reads_as_a_number_is_put_in_quotes():
    assert "version: '1.10'" in declare({DB: "1.10"}) or 'version: "1.10"' in declare({DB: "1.10"})


def test_a_version_that_is_shared_through_an_anchor_is_refused():
    text = "dependencies:\n- {name: a, version: &v 1.0.0}\n- {name: b, version: *v}\n"
    with pytest.raises(UserError, match=r"Chart.yaml:2: the version of a is a YAML anchor, alias or merge key"):
        files.declare(text, {0: "1.1.0"}, where="Chart.yaml")


def chart(**more):
    path = "argocd-helm-charts/app"
    declared = (
        Dependency("web", "1.2.3", "https://charts.example.com"),
        Dependency("own", "0.1.0", "file://../own"),
        Dependency("inside", "", ""),
    )
    vendored = tuple(
        Subchart(f"{path}/charts/{name}", Chart(f"{path}/charts/{name}", name, version))
        for name, version in (("web", "1.2.3"), ("own", "0.1.7"), ("inside", "3.0.0"))
    )
    return Chart(path, "app", "0.1.0", dependencies=declared, subcharts=vendored, **more)


DECLARED = [
    {"name": "web", "version": "1.3.0", "repository": "https://charts.example.com"},
    {"name": "own", "version": "0.1.0", "repository": "file://../own"},
    {"name": "inside"},
]
DAY = "2026-01-02T03:04:05Z"


def test_a_lock_has_what_is_taken_and_what_is_there_as_helm_writes_it():
    text = files.lock(chart(), DECLARED, {0: "1.3.0"}, day=DAY)
    locked = documents.load(text, where="lock")
    assert text == (
        "dependencies:\n"
        "- name: web\n  repository: https://charts.example.com\n  version: 1.3.0\n"
        "- name: own\n  repository: file://../own\n  version: 0.1.7\n"
        '- name: inside\n  repository: ""\n  version: 3.0.0\n'
        f"digest: {locked['digest']}\n"
        'generated: "2026-01-02T03:04:05Z"\n'
    )
    assert locked["digest"] == lock_digest.digest(DECLARED, locked["dependencies"])


def test_a_lock_keeps_the_versions_of_what_is_not_updated():
    kept = (Dependency("own", "v0.1.0", "file://../own"), Dependency("inside", "1", "https://elsewhere.example.com"))
    before = chart(lock=Lock("argocd-helm-charts/app/requirements.lock", "sha256:0", (), kept))
    text = files.lock(before, DECLARED, {0: "1.3.0"}, day=DAY)
    assert [one["version"] for one in documents.load(text, where="l")["dependencies"]] == ["1.3.0", "v0.1.0", "3.0.0"]


def umbrella(*dependencies, lock=None, **folders):
    """An umbrella chart of dependencies ``name version [alias]``, with vendored charts as ``folder="name version"``."""
    path = "argocd-helm-charts/app"
    declared = []
    for number, one in enumerate(dependencies):
        name, version, *alias = one.split(" ")
        declared.append(
            Dependency(name, version, UPSTREAM, alias="".join(alias), path=f"{path}/Chart.yaml", line=number)
        )
    subcharts = [
        Subchart(f"{path}/charts/{folder}", vendored(text, f"{path}/charts/{folder}"))
        for folder, text in sorted(folders.items())
    ]
    locked = tuple(Dependency("web", version, UPSTREAM) for version in lock or ())
    made = Lock(f"{path}/Chart.lock", "sha256:0", (), locked) if lock else None
    return Chart(path, "app", "0.1.0", dependencies=tuple(declared), subcharts=tuple(subcharts), lock=made)


UPSTREAM = "https://charts.example.com"


def vendored(text, path="x"):
    name, version = text.split(" ")
    return Chart(path, name, version)


LOCKS = {
    # declared, the old lock's versions of web, what is updated, the new lock's versions
    "two of one name": (["web 1.0.0 a", "web 2.0.0 b"], ["1.0.0", "2.0.0"], {1: "2.1.0"}, ["1.0.0", "2.1.0"]),
    "the other one": (["web 1.0.0 a", "web 2.0.0 b"], ["1.0.0", "2.0.0"], {0: "1.1.0"}, ["1.1.0", "2.0.0"]),
    "both": (["web 1.0.0 a", "web 2.0.0 b"], ["1.0.0", "2.0.0"], {0: "1.1.0", 1: "2.1.0"}, ["1.1.0", "2.1.0"]),
    "equal ranges at other places": (["web ^1 a", "web ^1 b", "db 1.0.0"], ["1.0.0", "1.5.0"], {2: "2.0.0"}, None),
    "an order that changed": (["web 1.0.0 a", "web 2.0.0 b"], ["2.0.0", "1.0.0"], {1: "2.1.0"}, ["1.0.0", "2.1.0"]),
    "a lock out of date": (["web 1.0.0 a", "web 2.0.0 b"], ["0.9.0", "1.9.0"], {1: "2.1.0"}, ["1.0.0", "2.1.0"]),
    "a range that is not updated": (["web ^1 a", "web 2.0.0 b"], ["1.4.0", "2.0.0"], {1: "2.1.0"}, ["1.4.0", "2.1.0"]),
}


@pytest.mark.parametrize(("declared", "lock", "versions", "expected"), LOCKS.values(), ids=LOCKS)
def test_a_lock_tells_dependencies_of_one_name_apart(declared, lock, versions, expected):
    before = umbrella(*declared, lock=lock, web_1="web 1.0.0", web_2="web 2.0.0")
    after = files.updated(before, versions, {})
    plain = [{"name": one.name, "version": one.version, "repository": UPSTREAM} for one in after.dependencies]
    locked = documents.load(files.lock(before, plain, versions, day=DAY), where="l")["dependencies"]
    assert [one["version"] for one in locked] == (expected or ["1.0.0", "1.5.0", "2.0.0"])


MIXES = {
    "one dependency": (["web 1.0.0"], {"web": "web 1.0.0"}, {0: "1.1.0"}, {"web": "web 1.1.0"}, []),
    "both within their major": (
        ["web 1.0.0 a", "web 2.0.0 b"],
        {"web-1": "web 1.0.0", "web-2": "web 2.0.0"},
        {0: "1.1.0", 1: "2.1.0"},
        {"web-1": "web 1.1.0", "web-2": "web 2.1.0"},
        [],
    ),
    "both to one version": (
        ["web 1.0.0 a", "web 2.0.0 b"],
        {"web-1": "web 1.0.0", "web-2": "web 2.0.0"},
        {0: "2.1.0", 1: "2.1.0"},
        {"web-1": "web 2.1.0", "web-2": "web 2.1.0"},
        [
            "web (alias a) 2.1.0 would fit web-1 and web-2, and Helm takes one of them at random",
            "web (alias b) 2.1.0 would fit web-1 and web-2, and Helm takes one of them at random",
        ],
    ),
    "into the range of another": (
        ["web ^1.0.0 a", "web >=1.5.0 b"],
        {"web-1": "web 1.0.0", "web-2": "web 2.0.0"},
        {0: "1.9.0"},
        {"web-1": "web 1.9.0"},
        ["web (alias b) >=1.5.0 would fit web-1 and web-2, and Helm takes one of them at random"],
    ),
    "aliases that share a folder, one of them left behind": (
        ["web 1.0.0 a", "web 1.0.0 b"],
        {"web": "web 1.0.0"},
        {0: "1.1.0"},
        {"web": "web 1.1.0"},
        ["no vendored chart would fit web (alias b) 1.0.0 any more, so Helm would render nothing for it"],
    ),
    "aliases that share a folder": (
        ["web 1.0.0 a", "web 1.0.0 b"],
        {"web": "web 1.0.0"},
        {0: "1.1.0", 1: "1.1.0"},
        {"web": "web 1.1.0"},
        [],
    ),
    "a chart that is not vendored yet": (["web 1.0.0"], {}, {0: "1.1.0"}, {"web": "web 1.1.0"}, []),
    "an undeclared copy of the new version": (
        ["web 1.0.0"],
        {"web": "web 1.0.0", "old": "web 1.1.0"},
        {0: "1.1.0"},
        {"web": "web 1.1.0"},
        ["web 1.1.0 would fit old and web, and Helm takes one of them at random"],
    ),
    "a range that may stay": (["web ^1.0.0"], {"web": "web 1.0.0"}, {0: "1.1.0"}, {"web": "web 1.1.0"}, []),
}


@pytest.mark.parametrize(("declared", "folders", "versions", "new", "expected"), MIXES.values(), ids=MIXES)
def test_an_update_that_would_mix_up_dependencies_is_found(declared, folders, versions, new, expected):
    before = umbrella(*declared, **folders)
    after = files.updated(before, versions, {folder: vendored(text) for folder, text in new.items()})
    assert list(files.mixed_up(before, after)) == expected


def test_a_lock_that_still_fits_is_left_alone():
    text = files.lock(chart(), DECLARED, {0: "1.3.0"}, day=DAY)
    digest = documents.load(text, where="l")["digest"]
    before = chart(lock=Lock("argocd-helm-charts/app/Chart.lock", digest, (digest,), ()))
    assert files.lock(before, DECLARED, {0: "1.3.0"}, day="2027-01-01T00:00:00Z") is None


def test_the_lock_lies_where_helm_has_it():
    assert files.lock_path(chart()).endswith("app/Chart.lock")
    assert files.lock_path(chart(api_version="v1")).endswith("app/requirements.lock")
    assert files.lock_path(chart(api_version="v1", lock=Lock("x/Chart.lock", "", (), ()))) == "x/Chart.lock"


HEAD = "apiVersion: v2\nname: web\nversion: 0.1.0\n"
REFUSED = "the version of web is a YAML anchor, alias or merge key, or is missing; write it as plain text"
REFERENCES = {
    "an anchor that nobody uses": (f'{HEAD}dependencies:\n- name: web\n  version: &v "1.2.3"\n', '  version: &v "2.0.0"\n'),
    "an anchor of a number": (f"{HEAD}dependencies:\n- name: web\n  version: &v 1.2\n", "  version: &v 2.0.0\n"),
    "a merge key that is overridden": (
        f"{HEAD}annotations: &b {{version: 1.0.0}}\ndependencies:\n- <<: *b\n  name: web\n  version: 1.2.3\n",
        "  version: 2.0.0\n",
    ),
    "a merge key at the top": (
        "<<: {apiVersion: v2}\nname: web\nversion: 0.1.0\ndependencies:\n- name: web\n  version: 1.2.3\n",
        "  version: 2.0.0\n",
    ),
    "an alias": (
        "apiVersion: v2\nname: web\nversion: &v 1.2.3\ndependencies:\n- name: web\n  version: *v\n",
        None,
    ),
    "a shared anchor": (
        f"{HEAD}dependencies:\n- name: web\n  version: &v 1.2.3\n- name: api\n  version: *v\n",
        None,
    ),
    "a merge key": (f"{HEAD}annotations: &b {{version: 1.2.3}}\ndependencies:\n- <<: *b\n  name: web\n", None),
    "a list of merge keys": (f"{HEAD}annotations: &b {{version: 1.2.3}}\ndependencies:\n- <<: [*b]\n  name: web\n", None),
    "an alias of a dependency": (f"{HEAD}x: &d\n  name: web\n  version: 1.2.3\ndependencies: [*d]\n", None),
    "an alias of all": (f"{HEAD}x: &d\n- name: web\n  version: 1.2.3\ndependencies: *d\n", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line"), REFERENCES.values(), ids=REFERENCES)
def test_anchors_aliases_and_merge_keys_are_read_as_helm_reads_them_and_updated_or_refused(text, line):
    (first, *_) = files.dependencies(text, where="Chart.yaml")
    assert (first["name"], str(first["version"]).startswith("1.2")) == ("web", True)
    if line is None:
        with pytest.raises(UserError, match=REFUSED):
            files.declare(text, {0: "2.0.0"}, where="Chart.yaml")
    else:
        after = files.declare(text, {0: "2.0.0"}, where="Chart.yaml")
        (changed,) = set(after.splitlines(keepends=True)) - set(text.splitlines(keepends=True))
        assert changed == line


def test_an_empty_item_before_a_dependency_does_not_move_its_version_to_another():
    text = f"{HEAD}dependencies:\n-\n- name: api\n  version: 1.0.0\n- name: web\n  version: 1.2.3\n"
    assert [one["name"] for one in files.dependencies(text, where="Chart.yaml")] == ["api", "web"]
    assert files.declare(text, {1: "2.0.0"}, where="Chart.yaml") == text.replace("1.2.3", "2.0.0")
