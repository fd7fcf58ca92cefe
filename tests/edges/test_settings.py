"""What the environment says about manifests."""

from pathlib import Path

import pytest

from controller.edges.settings import rules
from controller.errors import ControllerError
from controller.model.grant import Grant
from controller.model.source import Rules


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, Rules(), id="nothing is said"),
        pytest.param({"GUPSHUP_URL": ""}, Rules(), id="an empty variable is none"),
        pytest.param({"GUPSHUP_URL": "http://127.0.0.1:1"}, Rules(url="http://127.0.0.1:1"), id="an address"),
        pytest.param(
            {"GUPSHUPCTL_ALLOW_URLS": "https://a.example.com, https://b.example.com"},
            Rules(allowed_urls=("https://a.example.com", "https://b.example.com")),
            id="allowed addresses",
        ),
        pytest.param({"GUPSHUP_PARTNER_ID": "1368"}, Rules(partner_id="1368"), id="an id"),
        pytest.param({"GUPSHUP_PARTNER_TOKEN": "x"}, Rules(token_given=True), id="a token"),
    ],
)
def test_rules_about_manifests_come_from_the_environment(environ: dict[str, str], expected: Rules) -> None:
    assert rules(environ) == expected


FILES = {
    "GUPSHUP_PARTNER_TOKEN_FILE": "/etc/token",
    "HOOK_A_FILE": "/run/hooks/b",
    "GUPSHUPCTL_GIT_TOKEN_FILE": "/run/secrets/git",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/secrets/aws/token",
    "GOOGLE_APPLICATION_CREDENTIALS": "/run/secrets/google.json",
    "EMPTY_FILE": "",
    "LANG": "C",
}
OTHERS = {
    "/run/secrets/git": "GUPSHUPCTL_GIT_TOKEN_FILE",
    "/run/secrets/aws/token": "AWS_WEB_IDENTITY_TOKEN_FILE",
    "/run/secrets/google.json": "GOOGLE_APPLICATION_CREDENTIALS",
}


@pytest.mark.parametrize(
    ("environ", "granted"),
    [
        pytest.param({}, Grant("GUPSHUP_", folder="/run/secrets"), id="the usual"),
        pytest.param(
            {"GUPSHUPCTL_CREDENTIALS_DIR": ""}, Grant("GUPSHUP_", folder="/run/secrets"), id="empty"
        ),
        pytest.param(
            {"GUPSHUPCTL_CREDENTIALS_ALLOW": "A, B", "GUPSHUPCTL_CREDENTIALS_DIR": "/etc/a/"},
            Grant(
                "GUPSHUP_", frozenset({"A", "B"}), "/etc/a", taken={"/etc/a": "GUPSHUPCTL_CREDENTIALS_DIR"}
            ),
            id="what is set",
        ),
        pytest.param(
            {"GUPSHUPCTL_CREDENTIALS_ALLOW": "A", "A_FILE": "/x", "AB_FILE": "/y"},
            Grant(
                "GUPSHUP_", frozenset({"A"}), "/run/secrets", files=frozenset({"/x"}), taken={"/y": "AB_FILE"}
            ),
            id="the file of a variable that is listed",
        ),
        pytest.param(
            FILES,
            Grant(
                "GUPSHUP_",
                folder="/run/secrets",
                files=frozenset({"/etc/token"}),
                taken={**OTHERS, "/run/hooks/b": "HOOK_A_FILE"},
            ),
            id="files of its own and others",
        ),
        pytest.param(
            {"GUPSHUPCTL_HEADER_DIR": "/run/secrets/hooks"},
            Grant(
                "GUPSHUP_",
                folder="/run/secrets",
                excluded="/run/secrets/hooks",
                taken={"/run/secrets/hooks": "GUPSHUPCTL_HEADER_DIR"},
            ),
            id="the folder of headers within",
        ),
    ],
)
def test_credentials_may_name_their_own_files_and_variables(environ: dict[str, str], granted: Grant) -> None:
    assert rules(environ).credentials == granted


@pytest.mark.parametrize(
    ("environ", "granted"),
    [
        pytest.param({}, Grant("HOOK_"), id="the usual"),
        pytest.param(
            {"GUPSHUPCTL_HEADER_DIR": "/run/hooks/"},
            Grant("HOOK_", folder="/run/hooks", taken={"/run/hooks": "GUPSHUPCTL_HEADER_DIR"}),
            id="a folder",
        ),
        pytest.param(
            FILES,
            Grant(
                "HOOK_",
                files=frozenset({"/run/hooks/b"}),
                taken={**OTHERS, "/etc/token": "GUPSHUP_PARTNER_TOKEN_FILE"},
            ),
            id="files of its own and others",
        ),
        *(
            pytest.param(
                {"GUPSHUPCTL_HEADER_DIR": folder},
                Grant(
                    "HOOK_", folder=folder, excluded="/run/secrets", taken={folder: "GUPSHUPCTL_HEADER_DIR"}
                ),
                id=sentence,
            )
            for folder, sentence in (("/run/secrets", "one folder for both"), ("/run", "one above"))
        ),
    ],
)
def test_headers_may_name_their_own_files_and_variables(environ: dict[str, str], granted: Grant) -> None:
    assert rules(environ).headers == granted


def test_no_secret_shows_where_rules_are_printed() -> None:
    assert "canary" not in repr(rules({"PASSWORD": "/canary", "GUPSHUP_SECRET": "/canary"}))


def test_the_address_and_the_partner_id_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("1368\n", encoding="utf-8")
    assert rules({"GUPSHUP_PARTNER_ID_FILE": str(file)}).partner_id == "1368"
    file.write_text("\ufeffhttps://gupshup.example.com\n\n", encoding="utf-8")
    assert rules({"GUPSHUP_URL_FILE": str(file)}).url == "https://gupshup.example.com"
    file.write_bytes(b"\xff")
    for path in (file, tmp_path / "nowhere"):
        with pytest.raises(ControllerError, match="cannot read GUPSHUP_URL_FILE"):
            rules({"GUPSHUP_URL_FILE": str(path)})
