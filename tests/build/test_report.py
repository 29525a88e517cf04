import json

from kubeaid_ci.build import report as build
from kubeaid_ci.build.result import BuildResult, Builds, BuildStatus
from kubeaid_ci.publishing import report as publish


def test_outputs_name_what_changed_and_what_failed() -> None:
    statuses = {"a": BuildStatus.CHANGED, "b": BuildStatus.UNCHANGED, "c": BuildStatus.FAILED, "d": BuildStatus.CHANGED}
    builds = Builds(tuple(BuildResult(name, name, None, None, status) for name, status in statuses.items()), ())
    told = {name: json.loads(value) for name, value in build.outputs(builds).items()}
    assert told == {"changed": ["a", "d"], "failed": ["c"]}
    assert publish.outputs(builds, ()) == {**build.outputs(builds), "results": "[]"}
