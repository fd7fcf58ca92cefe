"""Whose account it is: by its id, by an app that is known, or refused; never by a guess."""

import re
from collections.abc import Mapping, Sequence

import pytest

from controller.core.identity import SignedIn, identify
from controller.model.account import AskAbout, Identified, Identity, KnownAccount, Unidentified
from controller.model.manifest import AppId
from controller.model.upstream import Upstream

URL = "https://partner.gupshup.io"
APPS = (AppId("app-1"), AppId("app-2"))


def named(last: str) -> Upstream:
    return Upstream(f"{URL}#{last}")


def account(last: str, *apps: AppId, partner_id: str | None = None) -> KnownAccount:
    """Return the account whose name ends in *last*, with that id where it is a number."""
    return KnownAccount(
        named(last), (last if last.isdecimal() else "") if partner_id is None else partner_id, apps
    )


def told(partner_id: str) -> SignedIn:
    return SignedIn(URL, told=partner_id)


def declared(partner_id: str) -> SignedIn:
    return SignedIn(URL, declared=partner_id)


NOBODY = SignedIn(URL)
ONE, TWO = account("1"), account("2")
BOUND, OTHER = account("1", *APPS), account("2", AppId("app-3"))
TYPED = account("9", *APPS, partner_id="")
LOOSE, TAKEN = account("main"), account("main", *APPS)
OURS, THEIRS = {TAKEN.upstream: True}, {TAKEN.upstream: False}


@pytest.mark.parametrize(
    ("who", "known", "ours", "found"),
    [
        pytest.param(told("1"), [], {}, Identified(named("1"), "1"), id="new, by the id that is told"),
        pytest.param(
            declared("1"), [], {}, Identified(named("1")), id="new, named by the id that is declared"
        ),
        pytest.param(NOBODY, [], {}, Identified(named("provisional")), id="new, and nobody tells its id"),
        pytest.param(told("1"), [BOUND, TWO], {}, Identified(named("1"), "1"), id="known by its id"),
        pytest.param(
            declared("1"), [BOUND, OTHER], {}, Identified(named("1"), "1"), id="known by its declared id"
        ),
        pytest.param(
            told("3"), [BOUND], {}, Identified(named("3"), "3"), id="another one beside a known one"
        ),
        pytest.param(
            told("1"), [LOOSE], {}, Identified(named("main"), "1"), id="the first id that is told is taken"
        ),
        pytest.param(
            declared("1"),
            [LOOSE],
            {},
            Identified(named("main")),
            id="an id that is only declared is not kept as its own",
        ),
        pytest.param(
            told("1"),
            [account("main", partner_id="1")],
            {},
            Identified(named("main"), "1"),
            id="an id that was taken is known",
        ),
        pytest.param(
            told("abc"),
            [account("abc", *APPS)],
            {},
            Identified(named("abc"), "abc"),
            id="its old name is the id",
        ),
        pytest.param(NOBODY, [LOOSE], {}, Identified(named("main")), id="still nobody tells its id"),
        pytest.param(NOBODY, [TAKEN], {}, AskAbout((TAKEN,)), id="its apps are asked for"),
        pytest.param(NOBODY, [TAKEN], OURS, Identified(named("main")), id="known by its apps, without an id"),
        pytest.param(
            NOBODY, [BOUND], {}, AskAbout((BOUND,)), id="the apps of one with an id are asked for, too"
        ),
        pytest.param(
            NOBODY,
            [BOUND, OTHER],
            {BOUND.upstream: True},
            AskAbout((OTHER,)),
            id="all of them, and each once",
        ),
        pytest.param(
            NOBODY,
            [BOUND, OTHER],
            {BOUND.upstream: False, OTHER.upstream: True},
            Identified(named("2"), "2"),
            id="known by its apps",
        ),
        pytest.param(
            told("1"), [TAKEN], {}, AskAbout((TAKEN,)), id="an account without an id may be another's"
        ),
        pytest.param(told("1"), [TAKEN], OURS, Identified(named("main"), "1"), id="or this one, by its apps"),
        pytest.param(told("1"), [TAKEN], THEIRS, Identified(named("1"), "1"), id="it was another's"),
        pytest.param(
            told("1"),
            [ONE, LOOSE],
            {},
            Identified(named("1"), "1", (named("main"),)),
            id="two names of one account",
        ),
        pytest.param(
            told("1"),
            [BOUND, TAKEN],
            OURS,
            Identified(named("1"), "1", (named("main"),)),
            id="two names of one account, by its apps",
        ),
        pytest.param(
            told("1"), [BOUND, TAKEN], THEIRS, Identified(named("1"), "1"), id="two accounts stay two"
        ),
        pytest.param(
            NOBODY,
            [BOUND, LOOSE],
            {BOUND.upstream: True},
            Identified(named("1"), "1", (named("main"),)),
            id="two names of one account, none of them told",
        ),
        pytest.param(
            NOBODY,
            [LOOSE, account("other", *APPS)],
            {named("other"): True},
            Identified(named("other"), "", (named("main"),)),
            id="the one whose apps they are stays",
        ),
        pytest.param(
            declared("3"), [BOUND], {}, AskAbout((BOUND,)), id="an id that is only declared may be a mistake"
        ),
        pytest.param(
            declared("3"), [BOUND], {BOUND.upstream: False}, Identified(named("3")), id="it was none"
        ),
        pytest.param(told("1"), [TYPED], {}, AskAbout((TYPED,)), id="one that was declared may be mistyped"),
        pytest.param(
            told("1"), [TYPED], {TYPED.upstream: True}, Identified(named("9"), "1"), id="and takes its own id"
        ),
        pytest.param(
            told("1"), [TYPED], {TYPED.upstream: False}, Identified(named("1"), "1"), id="or was another's"
        ),
        pytest.param(
            declared("1"), [TYPED], {TYPED.upstream: True}, Identified(named("9")), id="mistyped, and mended"
        ),
        pytest.param(told("9"), [TYPED], {}, Identified(named("9"), "9"), id="it was right"),
        pytest.param(declared("9"), [TYPED], {}, Identified(named("9")), id="declared alike"),
        pytest.param(
            declared("2"),
            [account("1", partner_id="")],
            {},
            Identified(named("2")),
            id="two that are declared",
        ),
    ],
)
def test_an_account_is_recognised_by_its_id_or_its_apps(
    who: SignedIn, known: Sequence[KnownAccount], ours: Mapping[Upstream, bool], found: Identity
) -> None:
    assert identify(who, known, ours) == found


@pytest.mark.parametrize(
    ("who", "known", "ours", "words"),
    [
        pytest.param(
            SignedIn(URL, declared="1", told="2"),
            [],
            {},
            "partnerId 1 is declared, and Gupshup tells 2",
            id="by Gupshup",
        ),
        pytest.param(
            declared("3"),
            [BOUND],
            {BOUND.upstream: True},
            "partnerId 3 is declared, and its apps are known as those of 1",
            id="by the store",
        ),
        pytest.param(
            NOBODY,
            [ONE],
            {},
            'knows 1 at .* that account, declare partnerId: "1" in',
            id="it has no app to ask for",
        ),
        pytest.param(
            NOBODY,
            [BOUND, LOOSE],
            {BOUND.upstream: False},
            'declare partnerId: "1"',
            id="its apps are another's",
        ),
        pytest.param(
            NOBODY, [TAKEN], THEIRS, "knows another account .* its own id as partnerId", id="and it has no id"
        ),
        pytest.param(
            NOBODY,
            [BOUND, OTHER],
            {BOUND.upstream: True, OTHER.upstream: True},
            'knows 1 and 2 .* partnerId: "1" or partnerId: "2"',
            id="two accounts have apps of it",
        ),
    ],
)
def test_an_unknown_or_contradicted_account_is_refused(
    who: SignedIn, known: Sequence[KnownAccount], ours: Mapping[Upstream, bool], words: str
) -> None:
    found = identify(who, known, ours)
    assert isinstance(found, Unidentified)
    assert re.search(words, found.message), found.message
