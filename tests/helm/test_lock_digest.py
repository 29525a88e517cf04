"""The digest is held against locks that Helm itself writes."""

import helm_python
import pytest

from kubeaid_ci import documents
from kubeaid_ci.helm import lock_digest
from tests import helm_binaries, repos
from tests.servers.charts import Charts

DEPENDENCIES = {
    "plain": "- {name: one, version: 1.0.0, repository: 'file://../one'}",
    "a range and signs that HTML knows": "- {name: one, version: '>=0.1.0 <2.0.0', repository: 'file://../one', condition: 'a<b>&c'}",
    "every field": "- {name: one, version: '*', repository: 'file://../one', alias: other, tags: [x, y], condition: one.enabled}",
    "values to import": "- {name: one, version: 1.x, repository: 'file://../one', import-values: [data, {parent: b, child: a}]}",
    "letters beyond ASCII": "- {name: one, version: ^1.0.0, repository: 'file://../one', condition: \"gr\\u00f6\\u2028\\U0001F600\"}",
    "a number for a version": "- {name: one, version: 1, repository: 'file://../one'}",
    "a fraction for a version": "- {name: one, version: 1.0, repository: 'file://../one'}",
    "two": "- {name: one, version: 1.0.0, repository: 'file://../one'}\n- {name: two, version: ~2.0, repository: 'file://../two/'}",
    "enabled": "- {name: one, version: 1.0.0, repository: 'file://../one', enabled: true}",
}  # fmt: skip


@pytest.mark.parametrize("declared", DEPENDENCIES.values(), ids=DEPENDENCIES)
@pytest.mark.parametrize("kind", ["v2", "v1"])
def test_the_digest_is_the_one_in_a_lock_that_helm_wrote(declared, kind, tmp_path):
    file, lock = {"v2": ("Chart", "Chart.lock"), "v1": ("requirements", "requirements.lock")}[kind]
    head = f"apiVersion: {kind}\nname: umbrella\nversion: 0.1.0\n"
    files = {
        "one/Chart.yaml": "apiVersion: v2\nname: one\nversion: 1.0.0\n",
        "two/Chart.yaml": "apiVersion: v2\nname: two\nversion: 2.0.5\n",
        "umbrella/Chart.yaml": head,
    }
    text = f"dependencies:\n{declared}\n"
    key = f"umbrella/{file}.yaml"
    files[key] = files.get(key, "") + text
    repos.write(tmp_path, files)
    helm_python.disable_logging()
    helm_python.dependency_update(str(tmp_path / "umbrella"))
    written = documents.load((tmp_path / "umbrella" / lock).read_bytes(), where=lock)
    wanted = documents.load(text, where="Chart.yaml")["dependencies"]
    assert lock_digest.digest(wanted, written["dependencies"]) == written["digest"]


ALIASED = {
    "an alias": "- {name: one, version: ^1.0.0, repository: '@corp'}",
    "the other form": "- {name: one, version: 1.x, repository: 'alias:corp', alias: other}",
    "both and an address": "- {name: one, version: 1.0.0, repository: '@corp'}\n- {name: two, version: '*', repository: URL}",
}  # fmt: skip


@helm_binaries.needs_helm
@pytest.mark.parametrize("program", helm_binaries.programs(), ids=lambda path: path.name)
@pytest.mark.parametrize("declared", ALIASED.values(), ids=ALIASED)
def test_the_digest_is_that_of_the_address_that_an_alias_stands_for(declared, program, tmp_path):
    charts = Charts()
    charts.add("one", "1.0.0")
    charts.add("two", "2.0.5")
    settings = ["--repository-config", tmp_path / "repositories.yaml", "--repository-cache", tmp_path / "cache"]
    with charts.server:
        text = f"dependencies:\n{declared.replace('URL', charts.server.url)}\n"
        repos.write(tmp_path, {"top/Chart.yaml": f"apiVersion: v2\nname: top\nversion: 0.1.0\n{text}"})
        helm_binaries.run("repo", "add", "corp", charts.server.url, *settings, program=program)
        out = helm_binaries.run("dependency", "update", tmp_path / "top", *settings, program=program)
    assert out.returncode == 0, out.stderr
    written = documents.load((tmp_path / "top/Chart.lock").read_bytes(), where="Chart.lock")
    wanted = documents.load(text, where="Chart.yaml")["dependencies"]
    assert lock_digest.digest(wanted, written["dependencies"]) == written["digest"]


def test_another_declaration_has_another_digest():
    one = {"name": "one", "version": "1.0.0", "repository": "https://charts.example.com"}
    locked = [one]
    others = [one | {"version": "1.0.1"}, one | {"repository": "https://charts.example.com/"}, one | {"alias": "x"}]
    found = {lock_digest.digest([other], locked) for other in [one, *others]}
    assert len(found) == 4
    assert lock_digest.old_digest([one]) not in found
