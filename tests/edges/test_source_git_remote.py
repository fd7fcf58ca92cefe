"""What people type as a repository: taken, or refused in words that give nothing away."""

import pytest

from controller.edges.source.git import Access, HttpsLogin, Remote, SshKey
from controller.errors import Usage
from controller.model.manifest import FromEnv

HOST = "https://git.example.com/a/b.git"
TOKEN = HttpsLogin(FromEnv("GIT_TOKEN"))
KEY = SshKey("/run/key", "/run/known_hosts")


@pytest.mark.parametrize(
    ("url", "access", "protocol"),
    [
        pytest.param(HOST, None, "https", id="https without a token"),
        pytest.param("https://git.example.com:8443/a", TOKEN, "https", id="https with a token"),
        pytest.param("ssh://git@git.example.com:2222/a.git", KEY, "ssh", id="ssh"),
        pytest.param("git@git.example.com:a/b.git", KEY, "ssh", id="ssh as scp writes it"),
        pytest.param("http://127.0.0.1:8080/a", TOKEN, "http", id="http on loopback"),
        pytest.param("http://[::1]/a", None, "http", id="http on loopback of version 6"),
        pytest.param("http://localhost/a", None, "http", id="http on this host"),
    ],
)
def test_a_valid_url_of_a_repository_is_accepted(url: str, access: Access | None, protocol: str) -> None:
    assert Remote(url, access=access).endpoint.protocol == protocol


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("", "by https or ssh", id="empty"),
        pytest.param("/srv/repository", "by https or ssh", id="a path"),
        pytest.param("file:///srv/repository", "by https or ssh", id="a file, where none was asked for"),
        pytest.param("http://git.example.com/a", "by https or ssh", id="http"),
        pytest.param("git://git.example.com/a", "by https or ssh", id="git's own protocol"),
        pytest.param("ftp://git.example.com/a", "by https or ssh", id="ftp"),
        pytest.param("ext::sh -c whoami", "spaces", id="a command"),
        pytest.param("ext::whoami", "by https or ssh", id="a command of one word"),
        pytest.param("a@b::c", "by https or ssh", id="a helper that looks like scp"),
        pytest.param("--upload-pack=x@y:z", "by https or ssh", id="an option"),
        pytest.param("-oProxyCommand=x@y:z", "by https or ssh", id="an option of ssh"),
        pytest.param("-x@y:z", "by https or ssh", id="a user that is an option"),
        pytest.param(
            "a@-oProxyCommand:z", "by https or ssh", id="a host that is an option, as scp writes it"
        ),
        pytest.param("ssh://-oProxyCommand=x/y", "names no host", id="a host that is an option"),
        pytest.param(
            "ssh://git@-oProxyCommand=x/y", "names no host", id="a host that is an option of a user"
        ),
        pytest.param("ssh://-oProxyCommand=x@host/y", "names no host", id="a user that is an option of ssh"),
        pytest.param("https:///a", "names no host", id="no host"),
        pytest.param("https://[::1/a", "malformed", id="half an address"),
        pytest.param(HOST + "\n", "cannot be shown", id="a line break"),
        pytest.param(HOST + "?private_token=hunter2", "a query", id="a token in the query"),
        pytest.param(HOST + "#hunter2", "a fragment", id="a fragment"),
        pytest.param("https://git:hunter2@git.example.com/a", "holds credentials", id="a password"),
        pytest.param("https://hunter2@git.example.com/a", "holds credentials", id="a token as the user"),
        pytest.param("https://:hunter2@git.example.com/a", "holds credentials", id="a password alone"),
        pytest.param("ssh://git:hunter2@git.example.com/a", "holds credentials", id="a password for ssh"),
        pytest.param("http://hunter2@127.0.0.1/a", "holds credentials", id="a token on loopback"),
    ],
)
def test_a_url_of_a_repository_is_refused_without_showing_a_possible_secret(url: str, words: str) -> None:
    with pytest.raises(Usage, match=words) as refused:
        Remote(url, access=KEY if url.startswith("ssh:") or "@" in url else None)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("branch", ["main", "release/1.2", "feature/a-b_c", "v1@x", "größe", "#12"])
def test_a_valid_branch_name_is_accepted(branch: str) -> None:
    assert Remote(HOST, branch).ref == f"refs/heads/{branch}"


@pytest.mark.parametrize(
    "branch",
    [
        "", "-x", "--upload-pack=x", "/a", "a/", "a//b", "a..b", ".a", "a/.b", "a.", "a b", "a~1", "a^",
        "a:b", "a?", "a*", "a[", "a\\b", "a\nb", "a\x7fb", "a@{1}", "@", "a.lock", "a.lock/b",
    ],
)  # fmt: skip
def test_an_invalid_branch_name_is_refused(branch: str) -> None:
    with pytest.raises(Usage, match="no name of a branch"):
        Remote(HOST, branch)


@pytest.mark.parametrize(
    ("path", "taken"), [("", ""), (".", ""), ("./a/", "a"), ("a//b/./c", "a/b/c"), ("a b", "a b")]
)
def test_a_valid_folder_of_a_repository_is_accepted(path: str, taken: str) -> None:
    assert Remote(HOST, path=path).path == taken


@pytest.mark.parametrize("path", ["/a", "-a", "..", "a/../b", "a\nb", "\0", "../a"])
def test_an_invalid_folder_of_a_repository_is_refused(path: str) -> None:
    with pytest.raises(Usage, match="no folder of a repository"):
        Remote(HOST, path=path)


@pytest.mark.parametrize(
    ("url", "access", "words"),
    [
        pytest.param(HOST, KEY, "a key|an ssh key goes with", id="a key for https"),
        pytest.param("git@host:a", TOKEN, "a token goes with", id="a token for ssh"),
        pytest.param("git@host:a", None, "needs a key file and a known_hosts", id="ssh without a key"),
        pytest.param("git@host:a", SshKey("", "/h"), "cannot be passed to ssh", id="no key file"),
        pytest.param("git@host:a", SshKey("/k", ""), "cannot be passed to ssh", id="no known hosts"),
        pytest.param("git@host:a", SshKey('/k" -o x', "/h"), "cannot be passed", id="a quote"),
        pytest.param("git@host:a", SshKey("/k", "/%h"), "cannot be passed to ssh", id="what ssh expands"),
        pytest.param(HOST, HttpsLogin(FromEnv("T"), "a\nb"), "cannot be shown", id="a user of two lines"),
        pytest.param(HOST, HttpsLogin(FromEnv("T"), ""), "is empty", id="no user"),
    ],
)
def test_credentials_that_do_not_fit_the_url_are_refused(url: str, access: Access | None, words: str) -> None:
    with pytest.raises(Usage, match=words):
        Remote(url, access=access)


@pytest.mark.parametrize(
    ("url", "proxy", "words"),
    [
        pytest.param("git@host:a", "http://proxy:3128", "goes with an https URL", id="for ssh"),
        pytest.param(HOST, "proxy:3128", "no usable URL", id="without a protocol"),
        pytest.param(HOST, "socks5://a:hunter2@proxy", "no usable URL", id="of another protocol"),
        pytest.param(HOST, "http://a:hunter2@proxy/x y", "no usable URL", id="with a path"),
    ],
)
def test_an_invalid_proxy_for_git_is_refused(url: str, proxy: str, words: str) -> None:
    with pytest.raises(Usage, match=words) as refused:
        Remote(url, access=KEY if "@" in url else None, proxy=proxy)
    assert "hunter2" not in str(refused.value)


def test_the_password_of_a_git_proxy_is_not_shown() -> None:
    assert "hunter2" not in repr(Remote(HOST, proxy="http://a:hunter2@proxy:3128"))
