"""Sending: what Gupshup's words mean; a word that is not known is no alarm."""

from dataclasses import replace

import pytest

from controller.core.health.sending import Sendability, sendability, sending, sending_label
from controller.model.health import SendingError, WabaInfo
from controller.model.status import Truth
from tests.builders.health import BANNED, BLOCKED, FINE, LIMITED, health

PAY = SendingError("141006", "There is an error with the payment method.")


@pytest.mark.parametrize(
    ("info", "expected", "label"),
    [
        pytest.param(FINE, Sendability(Truth.TRUE, "CanSend"), "available", id="all is well"),
        pytest.param(
            BANNED,
            Sendability(Truth.FALSE, "AccountBanned", "account BANNED, sending BLOCKED"),
            "banned",
            id="banned",
        ),
        pytest.param(
            replace(FINE, account="banned"),
            Sendability(Truth.FALSE, "AccountBanned", "account banned"),
            "banned",
            id="banned, whatever is said about sending",
        ),
        pytest.param(
            replace(BLOCKED, errors=(PAY, SendingError("", "and more"), SendingError("7", ""))),
            Sendability(
                Truth.FALSE,
                "SendingBlocked",
                "141006: There is an error with the payment method.; and more; 7",
            ),
            "blocked",
            id="blocked, with the errors",
        ),
        pytest.param(
            LIMITED, Sendability(Truth.TRUE, "SendingLimited", "sending LIMITED"), "limited", id="limited"
        ),
        pytest.param(WabaInfo(), Sendability(Truth.UNKNOWN, "SendingUnknown"), "unknown", id="nothing said"),
        pytest.param(
            WabaInfo(account="PAUSED", can_send="SOMETIMES"),
            Sendability(Truth.UNKNOWN, "SendingUnknown", "account PAUSED, sending SOMETIMES"),
            "other",
            id="words that nobody knows",
        ),
        pytest.param(
            replace(FINE, docker="DISCONNECTED", account=""),
            Sendability(Truth.TRUE, "CanSend"),
            "available",
            id="other words decide nothing",
        ),
    ],
)
def test_words_decide_whether_an_app_can_send(info: WabaInfo, expected: Sendability, label: str) -> None:
    assert sendability(health(info)) == expected
    assert sending_label(info) == label


def test_an_app_that_was_never_read_is_unknown() -> None:
    assert sendability(None).status is Truth.UNKNOWN
    assert sendability(None).reason == "NotReadYet"
    assert str(sending(WabaInfo())) == "Unknown"
