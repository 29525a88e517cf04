"""The guides of the forges are true: what they show as messages is what is said, and their commands can be given."""

import re
import shlex
import ssl
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import trustme

import kubeaid_ci
from kubeaid_ci.checkup.rules import RULES
from kubeaid_ci.cli.main import cli
from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.forge import connect
from kubeaid_ci.forge.detection import detect
from kubeaid_ci.net.address import Remote
from kubeaid_ci.net.credentials import Token
from tests.conftest import make_world
from tests.servers.http import Reply
from tests.servers.world import BRANCH, SECRET, World

DOCS = Path(kubeaid_ci.__file__).parents[1] / "docs"
HOSTS = {"github": "https://github.com", "gitlab": "https://gitlab.com", "gitea": "https://codeberg.org"}


def blocks(guide: str, language: str) -> list[str]:
    text = (DOCS / f"{guide}.md").read_text(encoding="utf-8")
    return [block.strip() for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)]


def shows(block: str, message: str) -> bool:
    """Whether a block of a guide is this message; an ellipsis stands for anything."""
    pattern = ".*".join(re.escape(part.strip()) for part in block.split("…"))
    return re.fullmatch(pattern, message, re.DOTALL) is not None


def said(act: Callable[[], object]) -> str:
    with pytest.raises(KubeaidCiError) as caught:
        act()
    return str(caught.value)


def no_token(world: World) -> str:
    address = detect(Remote.parse(f"{HOSTS[world.kind]}/acme/config"), {})
    return said(lambda: connect(address, None, environ={}))


def refused_token(world: World) -> str:
    world.forge.rights = {}
    return said(world.publish)


def read_only_token(world: World) -> str:
    world.forge.rights[SECRET] = {"read", "api"}
    return said(world.publish)


def token_without_change_requests(world: World) -> str:
    words = {
        "github": "Resource not accessible by personal access token",
        "gitlab": "insufficient_scope",
        "gitea": "token does not have at least one of required scope(s), required=[write:repository]",
    }
    return _refused_creation(world, words[world.kind])


def job_that_may_not_open_pull_requests(world: World) -> str:
    world.token = Token(SECRET, "GITHUB_TOKEN")
    return _refused_creation(world, "GitHub Actions is not permitted to create or approve pull requests.")


def _refused_creation(world: World, words: str) -> str:
    reply = Reply(403, {"message": words, "documentation_url": "https://example.com"})
    world.forge.server.inject("POST", r"/(pulls|merge_requests)$", reply)
    return said(world.publish)


def commits_of_a_person(world: World) -> str:
    world.publish()
    world.forge.repo.commit(BRANCH, {"k8s/prod/by-hand.yaml": "mine\n"}, "By hand")
    return world.publish("newer\n").messages[0]


def unknown_forge(_: World) -> str:
    return said(lambda: detect(Remote.parse("https://git.example.com/acme/config"), {}))


def certificate_that_is_not_trusted(world: World) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    secure = make_world(world.kind, world.folder / "secure", None)
    secure.forge.server.tls = context
    with secure.forge.server:
        return said(secure.publish)


CASES = (
    no_token,
    refused_token,
    read_only_token,
    token_without_change_requests,
    commits_of_a_person,
    certificate_that_is_not_trusted,
)
OWN = {"github": (job_that_may_not_open_pull_requests,), "gitlab": (), "gitea": (unknown_forge,)}


def test_each_message_in_the_guide_is_one_that_is_said(world: World) -> None:
    left = blocks(world.kind, "text")
    assert len(left) == len(CASES) + len(OWN[world.kind])
    for case in (*CASES, *OWN[world.kind]):
        fresh = make_world(world.kind, world.folder / case.__name__, None)
        with fresh.forge.server:
            message = case(fresh).replace(fresh.forge.server.url, HOSTS[world.kind])
        message = message.replace("acme/config", "example/kubernetes-config")
        found = [block for block in left if shows(block, message)]
        assert len(found) == 1, (case.__name__, message)
        left.remove(found[0])
    assert left == []


def test_every_rule_of_doctor_is_in_its_guide_with_its_severity() -> None:
    text = (DOCS / "doctor.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(doctor/[a-z-]+)` \| (\w+)", text, re.MULTILINE))
    assert told == {rule.id: rule.severity.value for rule in RULES}


@pytest.mark.parametrize("guide", [*HOSTS, "publish", "doctor"])
def test_each_command_in_the_guide_can_be_given(guide: str) -> None:
    lines = "\n".join(blocks(guide, "sh")).replace("\\\n", " ").splitlines()
    given = [shlex.split(line)[1:] for line in lines if line.startswith("kubeaid-ci ")]
    assert given
    for name, *options in given:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        command.make_context(name, options)
