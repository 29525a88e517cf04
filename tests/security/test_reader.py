"""The reader of a comment, a report or a log: no secret of a cluster is in it, whichever program wrote the text."""

import pytest

import kubeaid_ci
from kubeaid_ci.images.mirror_names import Mirror
from tests import repos
from tests.renders import CONFIG, World, application, helm, values_ref

SECRET = "S3cretHunter2"
PATTERN = '{"properties": {"adminPassword": {"type": "string", "pattern": "^[A-Z]{20}$"}}}'
WAYS = {
    "the pattern of a schema": ({"values.schema.json": PATTERN}, f"adminPassword: {SECRET}\n"),
    "the type of a schema": (
        {"values.schema.json": '{"properties": {"adminPassword": {"const": "x", "type": "object"}}}'},
        f"adminPassword: {SECRET}\n",
    ),
    "a schema that names no secret": (
        {"values.schema.json": '{"properties": {"text": {"type": "string", "pattern": "^[A-Z]{20}$"}}}'},
        f"db: {{password: {SECRET}}}\ntext: uses {SECRET} here\n",
    ),
    "a message of a template": (
        {"templates/a.yaml": '{{ fail (printf "bad login %s" .Values.adminPassword) }}'},
        f"adminPassword: {SECRET}\n",
    ),
    "a quoted message of a template": (
        {"templates/a.yaml": '{{ fail (printf "%q" .Values.auth) }}'},
        f'auth: "{SECRET} \\"x\\""\n',
    ),
    "an encoded message of a template": (
        {"templates/a.yaml": "{{ fail (.Values.adminPassword | b64enc) }}"},
        f"adminPassword: {SECRET}\n",
    ),
    "what is no YAML": ({"templates/a.yaml": "a: [\n{{ .Values.adminPassword }}: {\n"}, f"adminPassword: {SECRET}\n"),
    "a value of another type": (
        {"templates/a.yaml": "{{ .Values.adminPassword.x }}"},
        f"adminPassword: {SECRET}\n",
    ),
    "values that are no YAML": ({}, f"adminPassword: {SECRET}\n  x: [\n"),
    "a tag of another type": ({}, f"adminPassword: !!int {SECRET}\n"),
    "a Secret among the objects to add": (
        {"templates/a.yaml": "{{ fail (toJson .Values.extraObjects) }}"},
        f"extraObjects: [{{kind: Secret, stringData: {{x: {SECRET}}}}}]\n",
    ),
}


@pytest.mark.parametrize(("files", "values"), WAYS.values(), ids=WAYS)
def test_no_message_of_helm_holds_a_secret(tmp_path, files, values):
    world = World(tmp_path)
    world.chart("web", files)
    said = helm("web", valueFiles=["$values/k8s/one/v.yaml"])
    world.cluster("one", {"a.yaml": application("a", sources=[said, values_ref()]), "/v.yaml": values})
    made = world.render()
    assert made.failed
    shown = repr([made.findings, *(app.error for app in made.apps)])
    assert SECRET not in shown
    assert "UzNjcmV0SHVudGVyM" not in shown


def test_no_message_of_helm_holds_a_secret_parameter(tmp_path):
    world = World(tmp_path)
    world.chart("web", {"values.schema.json": PATTERN})
    said = helm("web", parameters=[{"name": "adminPassword", "value": SECRET}])
    world.cluster("one", {"a.yaml": application("a", source=said)})
    made = world.render()
    assert made.failed
    assert SECRET not in repr([made.findings, *(app.error for app in made.apps)])


@pytest.mark.parametrize(
    "text",
    [
        f"{{\n  adminPassword: '{SECRET}',\n  platform: error 'cannot use ' + self.adminPassword,\n}}\n",
        f"{{\n  adminPassword: '{SECRET}',\n  platform: std.nosuch('x'),\n}}\n",
        f"local secret = '{SECRET}';\n{{\n  platform: assert false : secret; 'aks',\n}}\n",
    ],
)
def test_no_message_of_jsonnet_holds_a_secret(tmp_path, text):
    config = repos.config(tmp_path / "config", {"one": text})
    made = kubeaid_ci.build_clusters(config, repos.kubeaid(tmp_path / "kubeaid"), cache=False, check=True)
    assert made.findings
    assert SECRET not in repr(made)


ADDRESSES = {
    "of KubeAid": {"source": {"repoURL": f"https://bot:{SECRET}@git.example.com/acme/KubeAid", "path": "no/chart"}},
    "of another host": {"source": {"repoURL": f"https://{SECRET}@other.example/x", "path": "y"}},
    "of a chart": {"source": {"repoURL": f"https://bot:{SECRET}@charts.example.org", "chart": "x"}},
    "that is none": {"source": {"repoURL": f"https://bot:{SECRET}@git.example.com:port/x", "path": "y"}},
    "with a query": {"source": {"repoURL": f"https://git.example.com/x?token={SECRET}", "path": "y"}},
    "like that of scp": {"source": {"repoURL": f"bot:{SECRET}@git.example.com:x/y", "path": "y"}},
    "of a values file": {
        "source": helm("web", valueFiles=[f"https://bot:{SECRET}@values.example.org/v.yaml?x={SECRET}"])
    },
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_message_holds_the_login_of_an_address(tmp_path, name):
    world = World(tmp_path)
    world.chart("web")
    world.cluster("one", {"a.yaml": application("a", **ADDRESSES[name])})
    world.commit("1.0.0")
    checks = kubeaid_ci.check_clusters(world.config, world.kubeaid, cache=tmp_path / "cache")
    assert checks.findings
    assert SECRET not in "\n".join(finding.message for finding in checks.findings)


def test_no_message_holds_the_login_of_an_image(tmp_path):
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n"
        f"  containers: [{{name: a, image: 'https://bot:{SECRET}@quay.io/a/b:1'}}, {{name: b, image: 'bot:{SECRET}@quay.io/a/b:1'}}]\n"
    )
    source = {"repoURL": CONFIG, "path": "k8s/one/a", "targetRevision": "HEAD"}
    world = World(tmp_path)
    world.chart("web")
    world.cluster("one", {"a.yaml": application("a", source=source), "a/x.yaml": pod})
    world.commit("1.0.0")
    checks = kubeaid_ci.check_clusters(world.config, world.kubeaid, rules=["gitops"], cache=tmp_path / "cache")
    found = [finding.message for finding in checks.findings if finding.rule.id == "gitops/image-invalid"]
    inventory = kubeaid_ci.list_images(world.config, world.kubeaid, cache=tmp_path / "cache")
    assert len(found) == 2
    assert SECRET not in repr([found, [blind.reason for blind in inventory.blind]])


@pytest.mark.parametrize("text", [f"https://bot:{SECRET}@m.example.org/x", f"bot:{SECRET}@m.example.org/x"])
def test_no_message_holds_the_login_of_a_mirror(text):
    with pytest.raises(kubeaid_ci.UserError, match="not a registry") as raised:
        Mirror.parse(text)
    assert SECRET not in str(raised.value)
