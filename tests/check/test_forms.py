"""Rules in further forms of objects: a row is a cluster with one Application, and whether the rule fires in it."""

from dataclasses import dataclass

import pytest

import kubeaid_ci
from kubeaid_ci import Checks, Settings
from kubeaid_ci.settings import CheckSettings, Profile
from tests.renders import CONFIG, World, application


@dataclass(frozen=True)
class Form:
    """Objects as YAML, or another file by its name below the cluster, and whether the rule fires."""

    rule: str
    name: str
    fires: bool
    text: str
    file: str = "app/objects.yaml"

    @property
    def cluster(self) -> str:
        return f"{self.rule}-{self.name}".replace("/", "-")


def workload(kind: str = "Deployment", spec: str = "paused: false", pod: str = "{}", containers: str = "[]") -> str:
    return f"""
apiVersion: apps/v1
kind: {kind}
metadata: {{name: web}}
spec:
  {spec}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      resources: {pod}
      initContainers: {containers}
      containers: [{{name: web, image: "quay.io/a/b:1", resources: {{requests: {{cpu: 1}}}}}}]
"""


def scaled(api: str, kind: str, spec: str, name: str = "web") -> str:
    return f"---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


HPA = (
    "{scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 1, maxReplicas: 3, "
    "metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}"
)
BUDGET = scaled("policy/v1", "PodDisruptionBudget", "{selector: {matchLabels: {app: web}}, minAvailable: 1}")
KEDA = "{scaleTargetRef: {name: web}, minReplicaCount: %d, triggers: [{type: cron}]}"
SCALER = scaled("autoscaling/v2", "HorizontalPodAutoscaler", HPA)
WITHOUT = "{name: web, image: a, resources: {}}"
SIDECAR = '[{name: proxy, image: "quay.io/a/b:1", restartPolicy: Always%s}]'
BARE = workload().replace("resources: {requests: {cpu: 1}}", "resources: {}")
LIMITS = """---
apiVersion: v1
kind: LimitRange
metadata: {name: %s}
spec: {limits: [{type: %s, %s}]}
"""


def binding(subject: str, role: str = "view", kind: str = "ClusterRole") -> str:
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: web}}
subjects: [{subject}]
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {role}}}
"""


def aggregated(to: str, resource: str = "secrets") -> str:
    return f"""---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: more, labels: {{rbac.authorization.k8s.io/aggregate-to-{to}: "true"}}}}
rules: [{{apiGroups: [""], resources: [{resource}], verbs: [get, list]}}]
"""


GROUP = "{kind: Group, apiGroup: rbac.authorization.k8s.io, name: %s}"
ACCOUNT = "{kind: ServiceAccount, name: web, namespace: apps}"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n"
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: %s}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly-backup}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "quay.io/a/b:1", args: [%s]}]}}}
"""


def config(value: str, annotation: str = "x") -> str:
    return f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: large, annotations: {{a: "{annotation}"}}}}
data: {{a: "{value}"}}
"""


def policy(spec: str) -> str:
    return workload() + scaled("networking.k8s.io/v1", "NetworkPolicy", f"{{podSelector: {{}}, {spec}}}")


def volume(reference: str) -> str:
    return f"""
apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec:
  volumes: [{{name: model, image: {{reference: "{reference}"}}}}]
  containers: [{{name: web, image: "quay.io/a/b:1"}}]
"""


def finalized(name: str) -> str:
    return application("other").replace("name: other\n", f"name: other\n  finalizers: [{name}]\n", 1)


OTHER = "argocd-apps/templates/other.yaml"
FORMS = (
    Form("gitops/finalizer-unknown", "other-group", True, finalized("resources-finalizer.argoproj.io"), OTHER),
    Form("gitops/finalizer-unknown", "foreground", False, finalized("resources-finalizer.argocd.argoproj.io/foreground"), OTHER),
    Form("gitops/finalizer-unknown", "of-others", False, finalized("example.org/protection"), OTHER),
    Form("autoscaling/drain-blocked", "one", True, workload(spec="replicas: 1") + BUDGET),
    Form("autoscaling/drain-blocked", "keda-3", False, workload() + BUDGET + scaled("keda.sh/v1alpha1", "ScaledObject", KEDA % 3)),
    Form("autoscaling/drain-blocked", "keda-1", True, workload() + BUDGET + scaled("keda.sh/v1alpha1", "ScaledObject", KEDA % 1)),
    Form("autoscaling/drain-blocked", "other-kind", True, workload() + BUDGET + scaled("example.org/v1", "HorizontalPodAutoscaler", HPA.replace("minReplicas: 1", "minReplicas: 3"))),
    Form("autoscaling/requests-missing", "all", False, workload() + SCALER),
    Form("autoscaling/requests-missing", "sidecar", True, workload(containers=SIDECAR % "") + SCALER),
    Form("autoscaling/requests-missing", "sidecar-with-request", False, workload(containers=SIDECAR % ", resources: {requests: {cpu: 1}}") + SCALER),
    Form("autoscaling/requests-missing", "init", False, workload(containers=(SIDECAR % "").replace(", restartPolicy: Always", "")) + SCALER),
    Form("autoscaling/requests-missing", "none", True, BARE + SCALER),
    Form("autoscaling/requests-missing", "of-the-pod", False, workload(pod="{requests: {cpu: 1}}").replace("{cpu: 1}}}]", "{}}}]") + SCALER),
    Form("autoscaling/requests-missing", "limit-of-pods", True, BARE + SCALER + LIMITS % ("a", "Pod", "max: {cpu: 1}")),
    Form("autoscaling/requests-missing", "maximum", False, BARE + SCALER + LIMITS % ("a", "Container", "max: {cpu: 1}")),
    Form("security/memory-limit-missing", "no-range", True, BARE),
    Form("security/memory-limit-missing", "two-ranges", False, BARE + LIMITS % ("a", "Container", "default: {memory: 1Gi}") + LIMITS % ("b", "Container", "default: {cpu: 1}")),
    Form("security/memory-limit-missing", "maximum", False, BARE + LIMITS % ("a", "Container", "max: {memory: 1Gi}")),
    Form("security/memory-limit-missing", "minimum", True, BARE + LIMITS % ("a", "Container", "min: {memory: 1Gi}")),
    Form("security/cpu-request-missing", "minimum", False, BARE + LIMITS % ("a", "Container", "min: {cpu: 1}")),
    Form("security/rbac-anybody", "all-accounts", True, binding(GROUP % "system:serviceaccounts")),
    Form("security/rbac-anybody", "accounts-of-a-namespace", False, binding(GROUP % "system:serviceaccounts:monitoring")),
    Form("security/rbac-anybody", "masters", False, binding(GROUP % "system:masters")),
    Form("security/secrets-readable", "view", False, binding(ACCOUNT)),
    Form("security/secrets-readable", "aggregated-to-view", True, binding(ACCOUNT) + aggregated("view")),
    Form("security/secrets-readable", "aggregated-to-edit", False, binding(ACCOUNT) + aggregated("edit")),
    Form("security/secrets-readable", "aggregated-pods", False, binding(ACCOUNT) + aggregated("view", "pods")),
    Form("gitops/secret-plain", "list", True, "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: db}, stringData: {password: Hunter2Hunter2}}\n"),
    Form("gitops/secret-plain", "list-of-secrets", True, "apiVersion: v1\nkind: SecretList\nitems:\n- {metadata: {name: db}, stringData: {password: Hunter2Hunter2}}\n"),
    Form("gitops/secret-plain", "list-of-others", False, "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: db}, data: {a: b}}\n"),
    Form("gitops/secret-plain", "template", True, "{{- if true }}\n" + SECRET + "stringData: {password: Hunter2Hunter2}\n{{- end }}\n", "argocd-apps/templates/db.yaml"),
    Form("gitops/secret-plain", "template-with-name", True, SECRET.replace("name: db", "name: {{ .Release.Name }}") + "stringData:\n  password: Hunter2Hunter2\n", "argocd-apps/templates/db.yaml"),
    Form("gitops/secret-plain", "template-of-a-value", False, SECRET + "stringData:\n  password: {{ .Values.password }}\n", "argocd-apps/templates/db.yaml"),
    Form("gitops/secret-plain", "template-of-data", False, SECRET + "data:\n  password: {{ .Values.password | b64enc }}\n", "argocd-apps/templates/db.yaml"),
    Form("gitops/secret-plain", "placeholder-in-data", False, SECRET + "data:\n  password: <path:secret/data/db#password>\n"),
    Form("gitops/secret-plain", "xml", True, SECRET + "stringData:\n  a.xml: <config><password>Hunter2Hunter2</password></config>\n"),
    Form("backup/none", "other-name", True, CLAIM % ("data", "--data-dir, --of=metadata")),
    Form("backup/none", "by-name", False, CLAIM % ("data", "--from=data")),
    Form("backup/none", "by-service", False, CLAIM % ("data", "postgres://data-rw.apps.svc/x")),
    Form("gitops/object-too-large", "plain", False, config("a" * 250_000)),
    Form("gitops/object-too-large", "escaped-by-go", True, config("<" * 45_000)),
    Form("gitops/object-too-large", "with-annotation", True, config("a", "b" * 140_000)),
    Form("network/open-to-world", "ipv4", True, policy("ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]")),
    Form("network/open-to-world", "ipv6", True, policy("ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]")),
    Form("network/open-to-world", "ipv6-port", True, policy("ingress: [{from: [{ipBlock: {cidr: '::/0'}}], ports: [{port: 80}]}]")),
    Form("network/open-to-world", "ipv6-halves", True, policy("ingress: [{from: [{ipBlock: {cidr: '::/1'}}, {ipBlock: {cidr: '8000::/1'}}]}]")),
    Form("network/open-to-world", "ipv6-local", False, policy("ingress: [{from: [{ipBlock: {cidr: 'fc00::/7'}}]}]")),
    Form("network/open-to-world", "ipv6-block", False, policy("ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]")),
    Form("image/registry-not-allowed", "volume", True, volume("docker.io/a/model:1")),
    Form("image/registry-not-allowed", "allowed-volume", False, volume("quay.io/a/model:1")),
    Form("gitops/image-invalid", "volume", True, volume("quay.io/A/model:1")),
)  # fmt: skip


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Checks:
    world = World(tmp_path_factory.mktemp("forms"))
    world.chart("web")
    for form in FORMS:
        source = {"repoURL": CONFIG, "path": f"k8s/{form.cluster}/app", "targetRevision": "HEAD"}
        destination = {"server": "https://kubernetes.default.svc", "namespace": "apps"}
        app = application("app", source=source, destination=destination, syncPolicy={"syncOptions": ["Validate=true"]})
        name = form.file.removeprefix("argocd-apps/templates/")
        world.cluster(form.cluster, {"app.yaml": app, "app/empty.yaml": "", name: form.text})
    world.commit("1.0.0")
    settings = Settings(check=CheckSettings(Profile.STRICT, {}, ("quay.io",)))
    return kubeaid_ci.check_clusters(world.config, world.kubeaid, settings=settings, cache=world.folder / "cache")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.cluster)
def test_a_rule_fires_in_the_forms_that_it_is_about(form: Form, checks: Checks) -> None:
    found = [one for one in checks.findings if one.rule.id == form.rule]
    about = [one.message for one in found if one.subject.partition("/")[0] == form.cluster]
    assert bool(about) is form.fires, about
