"""The mirrors of repositories that are named by their address."""

from kubeaid_ci.repositories.folders import mirrored
from tests.servers.git import git
from tests.servers.world import SECRET, World


def test_a_mirror_is_cloned_once_then_brought_up_to_date_and_healed_where_it_is_not_whole(
    gitlab: World, monkeypatch
) -> None:
    monkeypatch.setenv("GITLAB_TOKEN", SECRET)
    monkeypatch.setenv("CI_SERVER_URL", gitlab.forge.server.url)
    folder = mirrored(gitlab.forge.git_url)
    commit = gitlab.forge.repo.commit("main", {"more": "x"}, "More")
    assert mirrored(gitlab.forge.git_url) == folder
    assert git(folder, "rev-parse", "main") == commit
    (folder / "HEAD").unlink()
    assert git(mirrored(gitlab.forge.git_url), "rev-parse", "main") == commit
