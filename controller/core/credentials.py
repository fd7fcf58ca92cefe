"""Universal Tokens of one store: which one is used, when it is renewed, and when another may be minted.

All moments are epoch seconds by Gupshup's clock. docs/adr/0011 has the reasons.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from controller.model.account import OwnToken, TokenState
from controller.model.manifest import AuthMode

HOUR = 3600.0
DAY = 24 * HOUR
WEEK = 7 * DAY

ANSWERED_WITHIN = 60.0
"""Seconds after which a mint without a recorded answer counts as lost: a call ends before that."""

MOST_OF_OURS = 2
"""Tokens of one store that may be active at a time: an administrator has three."""

_PREFIX = "gupshupctl"


class Keeper(Enum):
    """The process that signs in, and what its store is good for."""

    PASSING = "a command that ends, with a store that is new or cannot be written"
    STARTING = "a process that never stops, with a new store"
    LASTING = "any process with a store that is not new"


def keeper(*, new: bool, writable: bool, endless: bool) -> Keeper:
    """Return what a process with such a store is. *endless*: it never stops by itself."""
    if not writable or (new and not endless):
        return Keeper.PASSING
    return Keeper.STARTING if new else Keeper.LASTING


def signs_in_first(auth: AuthMode, who: Keeper) -> bool:
    """Return whether the login of old comes first: a mint sends a mail, and nothing would keep the token."""
    return auth is AuthMode.AUTO and who is Keeper.PASSING


@dataclass(frozen=True, slots=True)
class Mint:
    """Mint a token for *life* seconds, after revoking those of *first* with the token at hand."""

    life: float
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitToMint:
    """No mint for so many *seconds*: another process mints, or as many of ours as may be active are."""

    seconds: float
    why: str


MintStep: TypeAlias = Mint | WaitToMint


def due(token: OwnToken, now: float) -> bool:
    """Return whether half of the token's life is over, so that it is renewed."""
    return now >= half_life(token)


def half_life(token: OwnToken) -> float:
    """Return the moment at which *token* is renewed."""
    return token.minted + (token.expires - token.minted) / 2


def next_mint(rows: Sequence[OwnToken], now: float, who: Keeper, *, usable: str = "") -> MintStep:
    """Return whether a token may be minted, and for how long.

    *usable* names a token that can revoke others, "" if there is none. Then one that may be active already
    lets the next one live for an hour only: its text may be lost, too.
    """
    if under_way := [ANSWERED_WITHIN - row.age for row in rows if _under_way(row)]:
        return WaitToMint(max(under_way), "another process mints a Universal Token")
    others = [row for row in rows if row.expires > now and row.name != usable]
    if usable:
        return Mint(life(who), tuple(row.name for row in others))
    if len(others) >= MOST_OF_OURS:
        names = " and ".join(row.name for row in others)
        why = f"{names} may be active, and no token is at hand to revoke them with: revoke them in the portal"
        return WaitToMint(min(row.expires for row in others) - now, why)
    return Mint(HOUR if others else life(who))


def _under_way(row: OwnToken) -> bool:
    return row.state is TokenState.MINTING and 0 <= row.age < ANSWERED_WITHIN


def life(who: Keeper) -> float:
    """Return the seconds that a token of *who* is minted for."""
    return {Keeper.PASSING: HOUR, Keeper.STARTING: DAY, Keeper.LASTING: WEEK}[who]


def app_life(who: Keeper) -> float:
    """Return the seconds that a token of one app is minted for: Gupshup allows an hour to a day.

    A minute more than an hour: the call takes some of it.
    """
    return HOUR + 60 if who is Keeper.PASSING else DAY - 60


def token_name(store: str, suffix: str) -> str:
    """Return the name of a new token at Gupshup. *suffix* makes it unique among the active ones."""
    return f"{_prefix(store)}{suffix}"


def named_by(name: str, store: str) -> bool:
    """Return whether the store with the id *store* gave the *name*."""
    return name.startswith(_prefix(store))


def _prefix(store: str) -> str:
    return f"{_PREFIX}-{store}-"


def limit_reached(names: Collection[str]) -> str:
    """Return the message for people if three tokens are active, and none of them is ours."""
    known = f"active are {', '.join(sorted(names))}; " if names else "Gupshup does not show us their names; "
    return (
        "TokenLimitReached: three Universal Tokens are active for this administrator, which is the most that "
        f"Gupshup allows, and none of them is this store's: {known}revoke one that nobody uses, in the "
        "portal or with POST /partner/{partnerId}/auth/revoke, and run this again"
    )
