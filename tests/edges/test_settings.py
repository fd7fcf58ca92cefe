"""What the environment says about manifests."""

from pathlib import Path

import pytest

from controller.edges.settings import rules
from controller.errors import ControllerError
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
        pytest.param({"GUPSHUPCTL_HEADER_DIR": "/run/hooks/"}, Rules(header_dir="/run/hooks"), id="headers"),
        pytest.param({"GUPSHUP_PARTNER_TOKEN": "x"}, Rules(token_given=True), id="a token"),
        pytest.param({"GUPSHUP_PARTNER_TOKEN_FILE": "/x"}, Rules(token_given=True), id="a token in a file"),
    ],
)
def test_rules_come_from_the_environment(environ: dict[str, str], expected: Rules) -> None:
    assert rules(environ) == expected


def test_the_address_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("https://gupshup.example.com\n", encoding="utf-8")
    assert rules({"GUPSHUP_URL_FILE": str(file)}).url == "https://gupshup.example.com"
    file.write_bytes(b"\xff")
    for path in (file, tmp_path / "nowhere"):
        with pytest.raises(ControllerError, match="cannot read GUPSHUP_URL_FILE"):
            rules({"GUPSHUP_URL_FILE": str(path)})
