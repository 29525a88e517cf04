import pytest

from kubeaid_ci.charts.update.tracked import TrackedDependency
from kubeaid_ci.charts.verify.upstream import unreachable_findings
from kubeaid_ci.helm.chart import Chart, Dependency
from kubeaid_ci.net.errors import Failed, FailedKind

NO_NETWORK = "newer releases of 3 charts are unknown; check the network, the name server and the proxy"
UNREACHABLE = FailedKind.UNREACHABLE


def tracked(name):
    path = f"argocd-helm-charts/{name}"
    dependency = Dependency(name, "1.0.0", f"https://{name}.example.com", path=f"{path}/Chart.yaml", line=5)
    return TrackedDependency(Chart(path, name, "0.1.0", dependencies=(dependency,)), dependency, None)


def lost(name, host, reason="no such host"):
    return tracked(name), Failed(UNREACHABLE, f"cannot reach {host}: {reason or 'not tried'}", host, reason)


def gone(name):
    return tracked(name), Failed(FailedKind.GONE, f"https://{name}.example.com/index.yaml: the server answered 404")


CASES = {
    "nothing failed": ([], 3, []),
    "one host of several": (
        [lost("a", "x.example.com"), lost("b", "x.example.com")],
        3,
        ["x.example.com: cannot reach x.example.com: no such host; newer releases of a/a, b/b are unknown"],
    ),
    "the only host": (
        [lost("a", "x.example.com"), lost("b", "x.example.com")],
        2,
        ["x.example.com: cannot reach x.example.com: no such host; newer releases of a/a, b/b are unknown"],
    ),
    "two hosts of three": (
        [lost("b", "y.example.com", "timed out"), lost("a", "x.example.com")],
        3,
        [
            "x.example.com: cannot reach x.example.com: no such host; newer releases of a/a are unknown",
            "y.example.com: cannot reach y.example.com: timed out; newer releases of b/b are unknown",
        ],
    ),
    "every host": (
        [lost("a", "x.example.com", "timed out"), lost("b", "y.example.com", ""), lost("c", "x.example.com")],
        3,
        [f"upstreams: none of the 2 upstream hosts can be reached (timed out, no such host); {NO_NETWORK}"],
    ),
    "a host that answers shows that there is a network": (
        [gone("c"), lost("a", "x.example.com"), lost("b", "y.example.com")],
        3,
        [
            "c/c: newer releases of c/c are unknown: https://c.example.com/index.yaml: the server answered 404",
            "x.example.com: cannot reach x.example.com: no such host; newer releases of a/a are unknown",
            "y.example.com: cannot reach y.example.com: no such host; newer releases of b/b are unknown",
        ],
    ),
}


@pytest.mark.parametrize(("failures", "asked", "expected"), CASES.values(), ids=CASES)
def test_each_host_is_reported_once_and_a_dead_network_too(failures, asked, expected):
    found = list(unreachable_findings(failures, asked=asked))
    assert [f"{one.subject}: {one.message}" for one in found] == expected
    assert {one.rule.id for one in found} <= {"chart/unverifiable"}
