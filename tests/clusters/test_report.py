import json

import pytest

from kubeaid_ci.clusters.report import matrix, outputs
from kubeaid_ci.config_repo.cluster import ClusterInfo


def clusters(*names: str) -> tuple[ClusterInfo, ...]:
    """Clusters whose folders are called otherwise than they."""
    return tuple(ClusterInfo(name, f"{name}.example.com", "", None, "1.34.0", None, None, ()) for name in names)


def test_without_shards_every_cluster_is_a_job() -> None:
    assert json.loads(matrix(clusters("a", "b"))) == {
        "include": [{"cluster": "a", "dir": "a.example.com"}, {"cluster": "b", "dir": "b.example.com"}]
    }


@pytest.mark.parametrize(
    ("shards", "shares"),
    [(1, ["a b c"]), (2, ["a c", "b"]), (3, ["a", "b", "c"]), (256, ["a", "b", "c"])],
)
def test_clusters_are_dealt_to_shards_by_folder(shards: int, shares: list[str]) -> None:
    include = json.loads(matrix(clusters("a", "b", "c"), shards=shards))["include"]
    assert [one["clusters"].replace(".example.com", "") for one in include] == shares
    assert [one["shard"] for one in include] == [str(number + 1) for number in range(len(shares))]


def test_no_clusters_give_no_jobs_and_a_count_that_says_so() -> None:
    assert outputs((), shards=4) == {"count": "0", "clusters": "[]", "matrix": '{"include":[]}'}
    assert outputs(clusters("a", "b"))["count"] == "2"
    assert json.loads(outputs(clusters("a", "b"))["clusters"]) == ["a", "b"]
