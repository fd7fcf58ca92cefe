"""Universal Tokens of ours: what the store holds of them, and what Gupshup lists. Moments are Gupshup's."""

from dataclasses import dataclass
from enum import StrEnum


class TokenState(StrEnum):
    """MINTING: a mint was begun, and its answer is unknown. KEPT: in use. SPENT: to be revoked."""

    MINTING = "minting"
    KEPT = "kept"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class OwnToken:
    """One token that this store minted, or began to mint, for the account of *partner*.

    *sealed* is its encrypted text, "" unless it is kept. *minted* and *expires* are epoch seconds by
    Gupshup's clock, *ahead* is by how many seconds that clock was ahead of ours. *age* is for how many
    seconds the row has had its state, by the store's clock.
    """

    name: str
    state: TokenState
    partner: str
    minted: float
    expires: float
    ahead: float = 0.0
    sealed: str = ""
    age: float = 0.0


@dataclass(frozen=True, slots=True)
class ActiveToken:
    """A token in Gupshup's list: never its text. *id* is "" if the list has none."""

    name: str
    id: str = ""
