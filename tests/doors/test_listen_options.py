"""The options of a verb that listens arrive as one thing, with defaults that only this machine reaches."""

import os

import click
import pytest
from click.testing import CliRunner

from controller.doors.cli.options.listen import listen_options
from controller.doors.web import ListenOptions


@pytest.mark.parametrize(
    ("argv", "places"),
    [
        ([], ListenOptions("127.0.0.1:8080", None, None)),
        (
            ["--listen", "0.0.0.0:80", "--hooks-listen", "[::]:81", "--auth-token-file", "token"],
            ListenOptions("0.0.0.0:80", "[::]:81", "token"),
        ),
    ],
    ids=["nothing said", "all said"],
)
def test_what_is_said_arrives_as_places(argv: list[str], places: ListenOptions) -> None:
    came = []

    @click.command()
    @listen_options
    @click.option("--other", default="x")
    def command(listen: ListenOptions, other: str) -> int:
        came.append((listen, other))
        return 0

    assert CliRunner().invoke(command, argv).exit_code == 0
    assert came == [(places, "x")]
    assert "GUPSHUPCTL_AUTH_TOKEN_FILE" not in os.environ, "a flag's file stands there only meanwhile"
