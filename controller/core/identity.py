"""Whose account is it that signed in? Known by its id, or by an app that the store knows there already.

Nothing is guessed: what cannot be told apart from an account that is known is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.model.account import AskAbout, Identified, Identity, KnownAccount, Unidentified
from controller.model.upstream import Upstream

PROVISIONAL = "provisional"
"""What stands in place of the id in the name of an account that was met before anybody told its id."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in at *url*: the id that was *declared*, and the one that Gupshup *told*; "" is none."""

    url: str
    declared: str = ""
    told: str = ""

    @property
    def id(self) -> str:
        return self.told or self.declared


def identify(who: SignedIn, known: Sequence[KnownAccount], ours: Mapping[Upstream, bool]) -> Identity:
    """Say which of the accounts that are *known* at its url *who* is, or that it is a new one.

    *ours* holds what Gupshup answered so far. An account whose id nobody told yet takes the first one that is
    told, unless its apps turned out to be another's. A declared id names a new account and is not its id
    before Gupshup tells it: it may be mistyped.
    """
    if who.declared and who.told and who.declared != who.told:
        return Unidentified(_contradicted(who.declared, f"Gupshup tells {who.told}"))
    named = [each for each in known if _is_named(each, who)]
    sure = bool(who.told or named)  # then only accounts without an id can be this one, too
    possible = [each for each in known if each not in named and not (sure and each.id)]
    unasked = tuple(each for each in possible if each.apps and each.upstream not in ours)
    if unasked:
        return AskAbout(unasked)
    return _answered(who, known, named, [each for each in possible if ours.get(each.upstream)])


def _is_named(each: KnownAccount, who: SignedIn) -> bool:
    own_name = each.id or each.upstream.rpartition("#")[2]
    return bool(who.id) and own_name == who.id


def _answered(
    who: SignedIn, known: Sequence[KnownAccount], named: list[KnownAccount], proven: list[KnownAccount]
) -> Identity:
    ids = sorted(each.id for each in proven if each.id)
    if who.id and ids:
        return Unidentified(_contradicted(who.id, f"its apps are known as those of {' and '.join(ids)}"))
    loose = [each for each in known if not each.id and (each in proven or _may_be(each, who))]
    if len(ids) > 1 or not (who.id or proven or len(loose) == len(known)):
        return Unidentified(_untold(who.url, known))
    kept = [*named, *sorted(proven, key=lambda each: not each.id), *loose]
    found = who.told or "".join({each.id for each in named} or ids)
    upstream = kept[0].upstream if kept else Upstream(f"{who.url}#{who.id or PROVISIONAL}")
    return Identified(upstream, found, tuple(each.upstream for each in loose if each.upstream != upstream))


def _may_be(each: KnownAccount, who: SignedIn) -> bool:
    """Say whether an account without id and app may be *who*: not where another id was declared for it."""
    name = each.upstream.rpartition("#")[2]
    return not each.apps and (not name.isdecimal() or name == who.id)


def _contradicted(declared: str, why: str) -> str:
    return (
        f"partnerId {declared} is declared, and {why}: nothing was sent; "
        "correct spec.partnerId (or GUPSHUP_PARTNER_ID), or the credentials"
    )


def _untold(url: str, known: Sequence[KnownAccount]) -> str:
    names = (each.id or each.upstream.rpartition("#")[2] for each in known)
    ids = [each for each in names if each.isdecimal()]
    told = " or ".join(f'partnerId: "{each}"' for each in ids)
    return (
        "whose account this is cannot be told: Gupshup tells no id with these credentials, and the store "
        f"knows {' and '.join(ids) or 'another account'} at {url}; nothing was done. "
        + (f"If it is that account, declare {told} in the Partner; else " if ids else "Declare there ")
        + "its own id as partnerId (or GUPSHUP_PARTNER_ID)"
    )
