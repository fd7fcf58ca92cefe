"""The notice ahead of the end of a credential: which one, when, and what to do."""

import pytest

from controller.core.render.end_notice import end_notice
from controller.model.account import CredentialEnd
from tests.builders.account import SECRET_KIND, end_in
from tests.builders.memory import NOW


@pytest.mark.parametrize(
    ("end", "title"),
    [
        pytest.param(
            end_in(6.5, SECRET_KIND), "The client secret of partner main ends in 6 d 12 h", id="soon"
        ),
        pytest.param(end_in(0), "The partner token of partner main has ended", id="now"),
        pytest.param(end_in(-3), "The partner token of partner main has ended", id="long ago"),
    ],
)
def test_the_title_says_what_ends_and_when(end: CredentialEnd, title: str) -> None:
    notice = end_notice("main", end, NOW)
    assert (notice.title, notice.good) == (title, False)


def test_the_body_has_the_moment_and_what_to_do() -> None:
    body = end_notice("main", end_in(6, SECRET_KIND), NOW).body
    assert body.startswith("The client secret ends at 2023-11-20T22:13:20Z: make a new one")
    assert body.endswith(".")
