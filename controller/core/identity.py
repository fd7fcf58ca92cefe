"""Identity of the account that signed in: by its id, or by an app that the store knows as that account's.

No guesses: an account that cannot be distinguished from a known one is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.model.account import AskAbout, Identified, Identity, KnownAccount, Unidentified
from controller.model.upstream import Upstream

PROVISIONAL = "provisional"
"""The part in place of the id in the name of an account that was met before its id was known."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The account that signed in at *url*: its *declared* id, and the id that Gupshup *told*. "" is none."""

    url: str
    declared: str = ""
    told: str = ""

    @property
    def id(self) -> str:
        return self.told or self.declared


def identify(who: SignedIn, known: Sequence[KnownAccount], ours: Mapping[Upstream, bool]) -> Identity:
    """Return which of the *known* accounts at its url *who* is, or that *who* is a new one.

    *ours* holds what Gupshup answered so far. An account without an id takes the first id that Gupshup
    reports, unless its apps turned out to be another account's. A declared id names a new account. Before
    Gupshup reports that id, the account has none: the declared one may be mistyped.
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


def _is_named(account: KnownAccount, who: SignedIn) -> bool:
    own_name = account.id or account.upstream.rpartition("#")[2]
    return bool(who.id) and own_name == who.id


def _answered(
    who: SignedIn, known: Sequence[KnownAccount], named: list[KnownAccount], proven: list[KnownAccount]
) -> Identity:
    ids = sorted(each.id for each in proven if each.id)
    if who.id and ids:
        return Unidentified(_contradicted(who.id, f"its apps are known as those of {' and '.join(ids)}"))
    loose = [each for each in known if not each.id and (each in proven or _may_be(each, who))]
    if len(ids) > 1 or not (who.id or proven or len(loose) == len(known)):
        return Unidentified(_undecided(who.url, known))
    kept = [*named, *sorted(proven, key=lambda each: not each.id), *loose]
    id_ = who.told or "".join({each.id for each in named} or ids)
    upstream = kept[0].upstream if kept else Upstream(f"{who.url}#{who.id or PROVISIONAL}")
    return Identified(upstream, id_, tuple(each.upstream for each in loose if each.upstream != upstream))


def _may_be(account: KnownAccount, who: SignedIn) -> bool:
    """Return whether an account without id and app may be *who*: not if another id was declared for it."""
    name = account.upstream.rpartition("#")[2]
    return not account.apps and (not name.isdecimal() or name == who.id)


def _contradicted(declared: str, why: str) -> str:
    return (
        f"partnerId {declared} is declared, and {why}: nothing was sent; "
        "correct spec.partnerId (or GUPSHUP_PARTNER_ID), or the credentials"
    )


def _undecided(url: str, known: Sequence[KnownAccount]) -> str:
    names = (each.id or each.upstream.rpartition("#")[2] for each in known)
    ids = [each for each in names if each.isdecimal()]
    ids_shown = " or ".join(f'partnerId: "{each}"' for each in ids)
    return (
        "whose account this is, is not known: Gupshup sends no id with these credentials, and the store "
        f"knows {' and '.join(ids) or 'another account'} at {url}; nothing was done. "
        + (f"If it is that account, declare {ids_shown} in the Partner; else " if ids else "Declare there ")
        + "its own id as partnerId (or GUPSHUP_PARTNER_ID)"
    )
