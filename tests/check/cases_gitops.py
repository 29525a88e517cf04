"""Clusters for the rules of the family gitops."""

import base64

from tests.check.cases import CLUSTER, Case, Files, deployment, objects
from tests.renders import CONFIG, KUBEAID, application, helm, values_ref

# Put together here, so that no scanner takes this file for a leak.
KEY = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj" * 2 + "\n-----END PRIVATE KEY-----\n"
GITHUB = "ghp_" + "a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6"
SEALED = "Ag" + "B7x9Qw" * 30


def web(**spec: object) -> Files:
    return {"web.yaml": application("web", **spec)}


def with_metadata(more: str, **spec: object) -> Files:
    """An Application whose metadata has more lines."""
    return {"web.yaml": application("web", **spec).replace("metadata:\n", f"metadata:\n{more}")}


def source(**fields: object) -> dict[str, object]:
    return {**helm(), **fields}


def config_map(name: str, size: int) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"text": "x" * size}}


def annotated(name: str, value: str) -> dict:
    body = config_map("settings", 1)
    return {**body, "metadata": {"name": "settings", "annotations": {f"argocd.argoproj.io/{name}": value}}}


def project(**spec: object) -> dict:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "team"}, "spec": spec}


def alert(expression: str, *names: str) -> dict:
    rules = [{"record": "managed", "expr": "0", "labels": {"name": name, "project": "kubeaid"}} for name in names]
    rules.append({"alert": "OutOfSync", "expr": expression})
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "argocd"},
        "spec": {"groups": [{"name": "argocd", "rules": rules}]},
    }


def secret(**fields: object) -> dict:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": "apps"}, **fields}


OPEN = {
    "sourceRepos": ["*"],
    "destinations": [{"name": "*", "namespace": "*", "server": "*"}],
    "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
}
GENERAL = f"cluster:\n  name: {CLUSTER}\n  k8sVersion: v1.30.0\n"
NAMED = {"project": "kubeaid", "syncPolicy": {"syncOptions": ["CreateNamespace=true"]}}
APP = "argocd-apps/templates/web.yaml"
JOINED = 'argocd_app_info{sync_status!="Synced"} + on (name, project) group_left managed'

CASES = (
    Case(
        "gitops/unpinned",
        firing=web(source=helm(revision="HEAD")),
        at=f"{APP}:13",
        says="follows the default branch (HEAD)",
        quiet=web(source=helm(revision="1.0.0")),
        hostile=web(source=helm(revision="1.*")),
        hostile_fires=True,
    ),
    Case(
        "gitops/revisions-mixed",
        firing=web(sources=[source(), source(targetRevision="2.0.0")]),
        at=f"{APP}:16",
        says="at 1.0.0 and at 2.0.0",
        quiet=web(sources=[source(), source(), values_ref()]),
        hostile=web(sources=[source(targetRevision="HEAD"), {"repoURL": KUBEAID.lower() + ".git", "ref": "values"}]),
    ),
    Case(
        "gitops/kubeaid-revisions-differ",
        firing={
            **web(),
            "a.yaml": application("a"),
            "b.yaml": application("b", source=helm(revision="0.9.0")),
        },
        at="argocd-apps/templates/b.yaml:13",
        says="b at 0.9.0; move them: kubeaid-ci upgrade gitops-kubeaid-revisions-differ-firing --to 1.0.0",
        quiet={**web(), "a.yaml": application("a")},
        hostile={**web(), "a.yaml": application("a", source=helm(revision="HEAD"))},
    ),
    Case(
        "gitops/address-invalid",
        firing=web(sources=[source(), {"repoURL": "your config repo", "ref": "values"}]),
        at=f"{APP}:15",
        says="is a path or no address",
        quiet=web(sources=[source(), values_ref()]),
        hostile=web(source={"repoURL": "registry.example.com/charts", "chart": "web", "targetRevision": "1.0.0"}),
    ),
    Case(
        "gitops/values-file-local",
        firing=web(
            source={**source(repoURL="https://git.example.com/acme/old"), "helm": {"valueFiles": ["/tmp/a.yaml"]}}
        ),
        at=f"{APP}:13",
        says="/tmp/a.yaml, a path of a machine",
        quiet=web(source=helm(valueFiles=["values.yaml"])),
        hostile=web(
            source={**source(repoURL="https://git.example.com/acme/old"), "helm": {"valueFiles": ["tmp/a.yaml"]}}
        ),
    ),
    Case(
        "gitops/other-config-repo",
        firing=web(sources=[source(), {"repoURL": "https://git.example.com/other/config", "path": "k8s/x/web"}]),
        at=f"{APP}:15",
        says="takes files from https://git.example.com/other/config",
        quiet=web(sources=[source(), values_ref()]),
        hostile=web(
            sources=[
                helm(valueFiles=["$bad/k8s/x/web.yaml"]),
                {**values_ref(), "repoURL": "https://GIT.example.com/Acme/kubernetes-config/"},
                {"repoURL": "ssh://git.example.com:acme/kubernetes-config.git", "ref": "bad"},
            ]
        ),
    ),
    Case(
        "gitops/repository-not-allowed",
        firing=web(source=source(repoURL="https://git.example.com/evil/charts")),
        at=f"{APP}:12",
        says="is not one of check.repositories",
        quiet=web(source=source(repoURL="git@git.example.com:acme/allowed.git")),
        hostile=web(source=source(repoURL="https://git.example.com/acme/allowed.git.evil")),
        hostile_fires=True,
    ),
    Case(
        "gitops/project-default",
        firing=web(project="default"),
        at=f"{APP}:9",
        quiet=web(),
        hostile=web(project="default-apps"),
    ),
    Case(
        "gitops/finalizer-unknown",
        firing=with_metadata("  finalizers:\n  - argocd.argoproj.io/resources-finalizer\n"),
        at=f"{APP}:5",
        says="write resources-finalizer.argocd.argoproj.io",
        quiet=with_metadata("  finalizers:\n  - resources-finalizer.argocd.argoproj.io/background\n"),
        hostile=with_metadata("  finalizers:\n  - 1\n  - example.com/keep\n"),
    ),
    Case(
        "gitops/sync-option-unknown",
        firing=web(syncPolicy={"syncOptions": ["ServerSideApply=true", "createNamespace=true"]}),
        at=f"{APP}:17",
        says="did you mean CreateNamespace=true?",
        quiet=web(syncPolicy={"syncOptions": ["CreateNamespace=true", "Prune=confirm"]}),
        hostile=web(syncPolicy={"syncOptions": ["CreateNamespace=True "]}),
        hostile_fires=True,
    ),
    Case(
        "gitops/json-pointer-invalid",
        firing=web(ignoreDifferences=[{"kind": "Deployment", "jsonPointers": ["spec/replicas"]}]),
        at=f"{APP}:11",
        quiet=web(ignoreDifferences=[{"kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]),
        hostile=web(ignoreDifferences=[{"kind": "Deployment", "jsonPointers": []}, {"kind": "Service"}]),
    ),
    Case(
        "gitops/hook-unknown",
        firing=objects(annotated("hook", "Presync"), **NAMED),
        at="app/objects.yaml:7",
        says="hook 'Presync' is not one of PreSync",
        quiet=objects(annotated("hook", "PreSync, PostSync"), **NAMED),
        hostile=objects(annotated("hook-delete-policy", "HookSucceeded,,"), **NAMED),
    ),
    Case(
        "gitops/sync-wave-invalid",
        firing=objects(annotated("sync-wave", "first"), **NAMED),
        at="app/objects.yaml:7",
        quiet=objects(annotated("sync-wave", "-5"), **NAMED),
        hostile=objects(annotated("sync-wave", "1.5"), **NAMED),
        hostile_fires=True,
    ),
    Case(
        "gitops/object-too-large",
        firing=objects(config_map("large", 300_000), **NAMED),
        at="argocd-apps/templates/app.yaml:15",
        says="ConfigMap apps/large (293 KiB)",
        quiet=objects(config_map("large", 300_000), syncPolicy={"syncOptions": ["ServerSideApply=true"]}),
        hostile=objects(config_map("small", 200_000), config_map("other", 200_000), **NAMED),
    ),
    Case(
        "gitops/data-too-large",
        firing=objects(config_map("huge", 1_100_000), syncPolicy={"syncOptions": ["ServerSideApply=true"]}),
        at="argocd-apps/templates/app.yaml:5",
        says="ConfigMap apps/huge (1074 KiB)",
        quiet=objects(config_map("large", 1_000_000), syncPolicy={"syncOptions": ["ServerSideApply=true"]}),
        hostile=objects(
            secret(data={"blob": base64.b64encode(b"x" * 1_000_000).decode()}),
            syncPolicy={"syncOptions": ["ServerSideApply=true"]},
        ),
    ),
    Case(
        "gitops/object-shared",
        firing={**objects(config_map("a", 1), name="one", **NAMED), **objects(config_map("a", 1), name="two", **NAMED)},
        at="argocd-apps/templates/two.yaml:5",
        says="one and two both have ConfigMap apps/a",
        quiet={**objects(config_map("a", 1), name="one", **NAMED), **objects(config_map("b", 1), name="two", **NAMED)},
        hostile={
            **objects(config_map("a", 1), name="one", **NAMED),
            **objects(config_map("a", 1), name="two", namespace="other", **NAMED),
        },
    ),
    Case(
        "gitops/namespace-missing",
        firing=objects(config_map("a", 1)),
        at="argocd-apps/templates/app.yaml:7",
        says="nothing creates the namespace apps",
        quiet=objects(config_map("a", 1), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps"}}),
        hostile=objects(config_map("a", 1), syncPolicy={"syncOptions": ["CreateNamespace=false"]}),
        hostile_fires=True,
    ),
    Case(
        "gitops/project-allows-all",
        firing=objects(project(**OPEN), **NAMED),
        at="app/objects.yaml:5",
        says="AppProject team allows every repository, every destination, every cluster-scoped kind",
        quiet=objects(project(**{**OPEN, "sourceRepos": [KUBEAID]}), **NAMED),
        hostile=objects(project(sourceRepos="*", destinations={"namespace": "*"}), **NAMED),
    ),
    Case(
        "gitops/orphans-unmonitored",
        firing=objects(project(**OPEN), **NAMED),
        at="app/objects.yaml:5",
        quiet=objects(project(orphanedResources={}), **NAMED),
        hostile=objects(project(orphanedResources=None), **NAMED),
        hostile_fires=True,
    ),
    Case(
        "gitops/alerts-missing",
        firing={**objects(alert(JOINED, "app", "root"), **NAMED), **web()},
        at=f"{APP}:4",
        says="no alert rule of the cluster watches the Application",
        quiet={**objects(alert(JOINED, "app", "root", "web"), **NAMED), **web()},
        hostile={**objects(alert("argocd_app_info{project=~'(', name!~'x.*'}"), **NAMED), **web()},
    ),
    Case(
        "gitops/release-incompatible",
        firing={
            f"./{CLUSTER}-vars.jsonnet": "{\n  kube_prometheus_version: 'v0.17.0',\n}\n",
            "./kubeaid-cli.general.yaml": GENERAL.replace("1.30", "1.27"),
        },
        at="gitops-release-incompatible-firing-vars.jsonnet:2",
        says="supports Kubernetes 1.33 to 1.35, the cluster has 1.27; v0.13 support it",
        quiet={
            f"./{CLUSTER}-vars.jsonnet": "{\n  kube_prometheus_version: 'v0.13.0',\n}\n",
            "./kubeaid-cli.general.yaml": GENERAL.replace("1.30", "1.27"),
        },
        hostile={
            f"./{CLUSTER}-vars.jsonnet": "{\n  kube_prometheus_version: std.extVar('v'),\n}\n",
            "./kubeaid-cli.general.yaml": GENERAL.replace("1.30", "1.27"),
        },
    ),
    Case(
        "gitops/values-file-unused",
        firing={"argocd-apps/values-web copy.yaml": "replicas: 2\n"},
        at="argocd-apps/values-web copy.yaml",
        quiet={
            "argocd-apps/values-web.yaml": "replicas: 2\n",
            **web(
                sources=[helm(valueFiles=[f"$values/k8s/{CLUSTER}/argocd-apps/values-web.yaml"]), values_ref()],
            ),
        },
        hostile={
            "argocd-apps/values-web.yaml": "replicas: 2\n",
            "web.yaml": f"# k8s/{CLUSTER}/argocd-apps/values-web.yaml\n{application('web')}",
        },
        hostile_fires=True,
    ),
    Case(
        "gitops/folder-unused",
        firing={"extra/objects.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"},
        at="extra",
        quiet={
            **objects(config_map("a", 1), **NAMED),
            "kubeone/cluster.yaml": "apiVersion: v1\nkind: KubeOneCluster\n",
        },
        hostile={"docs/notes.yaml": "text: |\n  kind: Secret\n", "docs/README.md": "kind: ConfigMap\n"},
    ),
    Case(
        "gitops/application-outside-root",
        firing={"later/web.yaml": application("web")},
        at="later/web.yaml:2",
        quiet=web(),
        hostile={"later/list.yaml": "kinds: |\n  kind: Application\nspec: argoproj.io/\n"},
    ),
    Case(
        "gitops/image-host-invalid",
        firing=objects(deployment(image="registry.invalid/web:1"), **NAMED),
        at="app/objects.yaml:15",
        says="registry.invalid never resolves",
        quiet=objects(deployment(image="quay.io/acme/web:1"), **NAMED),
        hostile=objects(
            deployment(image="invalid/web:1"), deployment("db", image="ghcr.io/registry.invalid/x"), **NAMED
        ),
    ),
    Case(
        "gitops/image-invalid",
        firing=objects(deployment(image="quay.io/Acme/Web:1"), **NAMED),
        at="app/objects.yaml:15",
        says="has the image quay.io/Acme/Web:1, which is not a valid reference",
        quiet=objects(deployment(image="quay.io/acme/web:1"), **NAMED),
        hostile=objects(
            deployment(image="REG/web:1"),
            deployment("db", image=f"localhost:5000/a__b/c:v1@sha256:{'0' * 64}"),
            **NAMED,
        ),
    ),
    Case(
        "image/registry-not-allowed",
        firing=objects(deployment(image="docker.io/acme/web:1"), **NAMED),
        at="app/objects.yaml:15",
        says="has the image docker.io/acme/web:1 of docker.io",
        quiet=objects(deployment(image="quay.io/acme/web:1"), **NAMED),
        hostile=objects(deployment(image="quay.io/acme-evil/web:1"), **NAMED),
        hostile_fires=True,
    ),
    Case(
        "gitops/sealed-for-other-cluster",
        firing={
            "secrets.yaml": application(
                "secrets",
                source={"repoURL": CONFIG, "path": "k8s/gitops-sealed-for-other-cluster-quiet/sealed-secrets"},
            )
        },
        at="argocd-apps/templates/secrets.yaml:11",
        quiet={
            "secrets.yaml": application("secrets", source={"repoURL": CONFIG, "path": f"k8s/{CLUSTER}/sealed-secrets"}),
            "sealed-secrets/login.yaml": (
                "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: login}\n"
                f"spec:\n  encryptedData:\n    token: {SEALED}\n"
            ),
        },
        hostile={
            "sealed-secrets/login.yaml": (
                "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: login}\n"
                f"spec:\n  encryptedData:\n    token: {SEALED[:-1]}z\n"
            )
        },
    ),
    Case(
        "gitops/other-cluster-files",
        firing=web(
            sources=[helm(valueFiles=["$values/k8s/gitops-unpinned-quiet/argocd-apps/values.yaml"]), values_ref()]
        ),
        at=f"{APP}:13",
        says="a file of the cluster gitops-unpinned-quiet",
        quiet=web(sources=[helm(valueFiles=[f"$values/k8s/{CLUSTER}/argocd-apps/values.yaml"]), values_ref()]),
        hostile=web(sources=[helm(valueFiles=["$values/k8s/shared/values.yaml"]), values_ref()]),
    ),
    Case(
        "gitops/secret-plain",
        firing=objects(secret(stringData={"password": "Tr0ub4dor"}), **NAMED),
        at="app/objects.yaml:7",
        says="Secret login in plain text",
        quiet=objects(secret(data={"password": ""}), **NAMED),
        hostile=objects(
            {**secret(data={"password": "ENC[AES256_GCM,data:x]"}), "sops": {"version": "3"}},
            {"apiVersion": "example.com/v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"a": "Yg=="}},
            **NAMED,
        ),
    ),
    Case(
        "gitops/private-key",
        firing={"keys/id_ed25519": KEY},
        at="keys/id_ed25519:1",
        quiet={"keys/README.md": "A key begins with -----BEGIN " + "PRIVATE KEY-----.\n"},
        hostile={"argocd-apps/values.yaml": f"a: {base64.b64encode(KEY.encode()).decode()}\n"},
        hostile_fires=True,
    ),
    Case(
        "gitops/credential-plain",
        firing={"argocd-apps/values-web.yaml": f"replicas: 1\nvalue: {GITHUB}\n"},
        at="argocd-apps/values-web.yaml:2",
        says="a token of GitHub",
        quiet={"argocd-apps/values-web.yaml": "token:\n  existingSecret: login\npassword: ''\n"},
        hostile={"argocd-apps/values-web.yaml": "address: https://user:password@example.com/\npassword: $password\n"},
    ),
)
