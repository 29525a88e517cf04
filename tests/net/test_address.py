import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.net.address import Remote, without_credentials

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
    "https://github.com:8443/Obmondo/KubeAid",
    "ssh://git@github.com:2222/Obmondo/KubeAid.git",
    "git@github.com:/Obmondo/KubeAid.git",
    "org-1234@github.com:Obmondo/KubeAid",
    "github.com:Obmondo/KubeAid",
    "git+ssh://git@github.com/Obmondo/KubeAid",
    "HTTPS://GitHub.com/Obmondo/KubeAid.GIT",
    "https://github.com./Obmondo/KubeAid",
    "https://github.com//Obmondo/./KubeAid.git//",
    "https://github.com/Obmondo/Kube%41id",
    "https://github.com/%4Fbmondo/KubeAid%2Egit",
    "https://user:pa:ss@w@github.com/Obmondo/KubeAid",
    "https://\uff47ithub.com/Obmondo/KubeAid",
]


@pytest.mark.parametrize("text", SAME)
def test_spellings_of_one_repository_are_equal(text):
    assert Remote.parse(text) == Remote.parse(SAME[0])
    assert hash(Remote.parse(text)) == hash(Remote.parse(SAME[0]))


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/Obmondo/Other",
        "https://github.com/KubeAid",
        "https://github.com/mallory/Obmondo/KubeAid",
        "https://github.com/Obmondo/KubeAid/more",
        "https://github.com/Obmondo%2FKubeAid",
        "https://github.com/Obmondo/KubeAid.git.git",
        "https://gitlab.com/Obmondo/KubeAid",
        "https://github.com.evil.example/Obmondo/KubeAid",
        "https://github.com@evil.example/Obmondo/KubeAid",
        "git@github.com@evil.example:Obmondo/KubeAid",
        "https://g\u0456thub.com/Obmondo/KubeAid",  # a Cyrillic letter
        "/srv/Obmondo/KubeAid",
        "file:///github.com/Obmondo/KubeAid",
        "./github.com:Obmondo/KubeAid",
    ],
)
def test_other_repositories_differ(text):
    assert Remote.parse(text) != Remote.parse(SAME[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://b\u00fccher.example/a/b", "https://xn--bcher-kva.example/a/b"),
        ("https://B\u00dcCHER.example/a/b", "git@b\u00fccher.example:a/b.git"),
        ("https://git.example.com/a/b%20c", "ssh://git.example.com/a/b%20C"),
        ("ssh://git@[2001:DB8::1]:2222/a/b", "git@[2001:db8::1]:a/b"),
        ("/srv/git/x", "file:///srv/git/x.git"),
        ("/srv/git/x/.git", "file://localhost/srv/git//x"),
        ("file:///srv/my%20git/x", "/srv/my git/x"),
    ],
)
def test_spellings_of_other_repositories_are_equal(one, other):
    assert Remote.parse(one) == Remote.parse(other)


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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "https://",
        "https://host",
        "https://host/.git",
        "ftp://host/x",
        "a\nb",
        "https://h:x/y",
        "https://host/a/../b",
        "https://host/a/%2e%2e/b",
        "https://host/a/b?ref=1",
        "https://host/a/b#c",
        "https://host\\@evil.example/a/b",
        "https://ho st/a/b",
        "https://-host/a/b",
        "ssh://git@host:owner/name",
    ],
)
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


def test_the_two_forms_of_ssh_are_named_where_they_are_mixed():
    with pytest.raises(
        UserError, match=r"write ssh://git@git\.example\.com/a/b\.git or git@git\.example\.com:a/b\.git"
    ):
        Remote.parse("ssh://git@git.example.com:a/b.git")


def test_an_ipv6_host_is_written_in_brackets():
    assert str(Remote.parse("https://[2001:db8::1]:8443/a/b")) == "https://[2001:db8::1]:8443/a/b"


def test_credentials_with_an_at_sign_do_not_show():
    assert without_credentials("https://user:p@ss@git.example.com/a") == "https://git.example.com/a"
