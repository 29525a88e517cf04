"""Rules, findings and a report that holds one of everything."""

from kubeaid_ci.build.result import BuildResult, BuildStatus
from kubeaid_ci.compare.manifests import Change
from kubeaid_ci.findings.finding import Rule, Severity
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report.blocks import Code, Section, Table
from kubeaid_ci.report.report import Report

INVALID = Rule("build/vars-invalid", Severity.ERROR, "It will not build. Correct the line.")
STALE = Rule("build/stale", Severity.WARNING, "Argo CD applies something else. Build and commit.")
UNUSED = Rule("suppression-unused", Severity.INFO, "It silences nothing. Remove it.")

HOSTILE = "\x1b[2J<script>alert(1)</script> `x` a|b @someone fixes #1 \u202e<!-- x --> ]]> ##[error]y"


def build_report() -> Report:
    """A build of three clusters: one failed, one changed, one unchanged."""
    changes = (Change("Prometheus", "monitoring", "k8s", "p.yaml", Action.MODIFIED, ("spec.replicas",)),)
    return Report(
        "build",
        "1.2.3",
        {"clusters": 3, "changed": 1},
        (
            BuildResult("prod", "prod", "v0.17.0", "26.1.0", BuildStatus.FAILED, error="line 3\nis bad"),
            BuildResult("stage", "st", "v0.16.0", None, BuildStatus.CHANGED, ("a", "b"), changes=changes),
            BuildResult("edge", "edge", "v0.16.0", None, BuildStatus.UNCHANGED, seconds=0.0213, cached=True),
        ),
        (
            UNUSED.at(".kubeaid-ci.yaml", "matches nothing", subject="build/stale", line=8),
            STALE.at("k8s/st/kube-prometheus/p.yaml", "replicas differ", subject="stage"),
            INVALID.at("k8s/prod/prod-vars.jsonnet", "no such variable: x\n  2 | {\n> 3 | x", subject="prod", line=3),
            INVALID.at("k8s/prod/prod-vars.jsonnet", "no such variable: w", subject="prod", line=2),
            STALE.at("k8s/st/kube-prometheus/q.yaml", "by hand", subject="stage").suppressed("until Monday"),
        ),
        (Section("stage", (Table(("Kind", "Name"), (("Prometheus", Code("k8s")),)),)),),
    )


def hostile_report() -> Report:
    """A report in which every text that comes from outside is hostile."""
    finding = INVALID.at(f"k8s/{HOSTILE}", f"{HOSTILE}\n::error::{HOSTILE}", subject=HOSTILE, line=1)
    result = BuildResult(HOSTILE, HOSTILE, HOSTILE, None, BuildStatus.FAILED, error=HOSTILE)
    return Report("build", "1.2.3", {"note": HOSTILE}, (result,), (finding, finding.suppressed(HOSTILE)))
