"""The same message is logged once a minute, with how often it was kept back."""

import pytest
from structlog.testing import capture_logs

from controller.edges.log_throttle import EVERY, MOST, LogThrottle


def test_the_messages_that_a_log_throttle_remembers_are_bounded() -> None:
    throttle = LogThrottle(lambda: 0.0)
    for name in range(MOST + 10):
        assert throttle.due(chr(0x4E00 + name)) == 0
    assert throttle.due(chr(0x4E00)) == 0, "the oldest was forgotten, and is logged again"
    assert throttle.due(chr(0x4E00 + MOST + 9)) is None
    assert EVERY == 60


@pytest.mark.parametrize(
    ("moments", "times"),
    [
        pytest.param([0.0], [1], id="the first at once"),
        pytest.param([0.0, 1.0, 59.9], [1], id="no other within a minute"),
        pytest.param([0.0, 1.0, 2.0, 60.0], [1, 3], id="then one with those that were suppressed"),
        pytest.param([0.0, 60.0, 61.0, 120.0], [1, 1, 2], id="and each minute again"),
    ],
)
def test_a_flood_of_one_message_is_one_line_a_minute(moments: list[float], times: list[int]) -> None:
    now = iter(moments)
    throttle = LogThrottle(lambda: next(now))
    with capture_logs() as lines:
        for _ in moments:
            throttle.warn("refused")
    assert [(line["event"], line["times"]) for line in lines] == [("refused", each) for each in times]
