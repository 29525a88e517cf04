import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.remote import Remote, without_credentials

SAME = [
    "https://github.com/Obmondo/KubeAid",
    "https://github.com/Obmondo/KubeAid.git",
    "https://github.com/obmondo/kubeaid/",
    "https://user:secret@github.com/Obmondo/KubeAid.git",
    "https://github.com:443/Obmondo/KubeAid",
    "http://github.com/Obmondo/KubeAid",
    "git@github.com:Obmondo/KubeAid.git",
    "ssh://git@github.com/Obmondo/KubeAid.git",
    "ssh://git@github.com:22/Obmondo/KubeAid",
    "git://GITHUB.com/Obmondo/KubeAid",
    " git@github.com:Obmondo/KubeAid.git\n",
]


@pytest.mark.parametrize("text", SAME)
def test_spellings_of_one_repository_are_equal(text):
    assert Remote.parse(text) == Remote.parse(SAME[0])
    assert hash(Remote.parse(text)) == hash(Remote.parse(SAME[0]))


@pytest.mark.parametrize(
    "text", ["https://github.com/Obmondo/Other", "https://gitlab.com/Obmondo/KubeAid", "/srv/Obmondo/KubeAid"]
)
def test_other_repositories_differ(text):
    assert Remote.parse(text) != Remote.parse(SAME[0])


def test_nested_groups_ports_and_names():
    remote = Remote.parse("https://git.example.com:8443/group/sub/Config.git")
    assert (remote.host, remote.port, remote.owner_and_name) == ("git.example.com", 8443, "group/sub/Config")
    assert (remote.name, str(remote)) == ("Config", "https://git.example.com:8443/group/sub/Config")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/srv/git/x.git", "/srv/git/x"),
        ("file:///srv/git/x.git/", "/srv/git/x"),
        ("../x", "../x"),
        (".", "."),
    ],
)
def test_local_repositories(text, path):
    remote = Remote.parse(text)
    assert remote.is_local
    assert remote.path == path


@pytest.mark.parametrize("text", ["", "  ", "https://", "https://host", "ftp://host/x", "a\nb", "https://h:x/y"])
def test_text_that_is_no_address_is_refused(text):
    with pytest.raises(UserError):
        Remote.parse(text)


def test_credentials_show_nowhere():
    remote = Remote.parse("https://user:s3cret@git.example.com/a/b.git")
    assert "s3cret" not in repr(remote) + str(remote)
    assert without_credentials("https://user:s3cret@git.example.com/a") == "https://git.example.com/a"
    with pytest.raises(UserError) as error:
        Remote.parse("ftp://user:s3cret@host/x")
    assert "s3cret" not in str(error.value)
