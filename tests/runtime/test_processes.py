"""The environment of the programs that are started."""

import pytest

from kubeaid_ci.runtime.processes import without_secrets


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        *dict.fromkeys(
            ("GITHUB_TOKEN", "API_TOKEN_GITHUB", "CI_JOB_JWT", "CI_JOB_JWT_V2", "KUBEAID_CI_TOKEN"), False
        ).items(),
        *dict.fromkeys(
            ("AWS_SECRET_ACCESS_KEY", "CI_REGISTRY_PASSWORD", "CI_REPOSITORY_URL", "TOKEN_OF_X"), False
        ).items(),
        *dict.fromkeys(("PATH", "HOME", "HTTPS_PROXY", "AWS_WEB_IDENTITY_TOKEN_FILE", "SSL_CERT_FILE"), True).items(),
        *dict.fromkeys(("GIT_CONFIG_KEY_0", "TOKENIZERS", "KEYBOARD", "DOCKER_CONFIG", "SSH_AUTH_SOCK"), True).items(),
    ],
)
def test_no_program_gets_a_secret_that_it_does_not_need(name: str, stays: bool) -> None:
    assert (name in without_secrets({name: "x"})) is stays
