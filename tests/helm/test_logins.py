import base64
import json
from pathlib import Path

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.logins import Logins
from kubeaid_ci.net.credentials import Token


def auth(login: str) -> dict[str, str]:
    return {"auth": base64.b64encode(login.encode()).decode()}


def write(path: Path, auths: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"auths": auths}))
    return path


def test_a_registry_is_known_by_host_and_port_however_docker_writes_it(home: Path) -> None:
    path = write(
        home / ".docker/config.json",
        {
            "https://index.docker.io/v1/": auth("me:pass:word"),
            "Registry.example.com:5000": {"username": "you", "password": "pw"},
            "helper.example.com": {},
            "token.example.com": {"identitytoken": "x"},
        },
    )
    logins = Logins({"HOME": str(home)})
    assert (
        logins.registry("docker.io") == logins.registry("registry-1.docker.io") == Token("pass:word", str(path), "me")
    )
    assert logins.registry("registry.example.com:5000") == Token("pw", str(path), "you")
    for host in ("registry.example.com", "helper.example.com", "token.example.com", "example.com"):
        assert logins.registry(host) is None


def test_the_file_that_is_named_counts_before_helms_and_that_before_dockers(home: Path) -> None:
    write(home / ".docker/config.json", {"a": auth("docker:1"), "b": auth("docker:1"), "c": auth("docker:1")})
    write(home / ".config/helm/registry/config.json", {"a": auth("helm:1"), "b": auth("helm:1")})
    named = write(home / "auth.json", {"a": auth("named:1")})
    logins = Logins({"HOME": str(home), "REGISTRY_AUTH_FILE": str(named)})
    assert [getattr(logins.registry(host), "user", None) for host in "abcd"] == ["named", "helm", "docker", None]


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("HELM_REPOSITORY_CONFIG", "own.yaml"),
        ("HELM_CONFIG_HOME", "repositories.yaml"),
        ("XDG_CONFIG_HOME", "helm/repositories.yaml"),
    ],
)
def test_helms_repositories_are_found_where_helm_keeps_them(tmp_path: Path, variable: str, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("repositories:\n- {name: a, url: 'https://Host/charts/', username: me, password: pw}\n- nothing\n")
    logins = Logins({variable: str(path if variable == "HELM_REPOSITORY_CONFIG" else tmp_path)})
    assert logins.repository("https://host:443/charts") == Token("pw", str(path), "me")
    for other in ("https://host/other", "http://host/charts", "https://host:444/charts"):
        assert logins.repository(other) is None


@pytest.mark.parametrize("text", [b"{", b"[" * 100_000, b"\xff", b'{"auths": {"a": {"auth": "%%"}}}', b"x" * 1_100_000])
def test_a_file_that_cannot_be_read_is_named_and_not_shown(home: Path, text: bytes) -> None:
    path = home / "config.json"
    path.write_bytes(text)
    with pytest.raises(UserError, match=r"config\.json: ") as caught:
        Logins({"DOCKER_CONFIG": str(home)}).registry("a")
    assert "%%" not in str(caught.value)


def test_files_of_other_shapes_hold_no_login(home: Path) -> None:
    (home / "config.json").write_text('{"auths": [], "credsStore": "x"}')
    (home / "repositories.yaml").write_text("repositories: {}")
    logins = Logins({"DOCKER_CONFIG": str(home), "HELM_CONFIG_HOME": str(home)})
    assert logins.registry("a") is logins.repository("https://a") is None
