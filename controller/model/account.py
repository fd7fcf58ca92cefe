"""Accounts: as the store knows them, who signed in, what the sign-ins told, and when a credential ends."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from controller.model.manifest import AppId
from controller.model.upstream import Upstream


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that the store knows. *id* is "" until it is known. *apps* are some of its bound apps."""

    upstream: Upstream
    id: str = ""
    apps: tuple[AppId, ...] = ()


@dataclass(frozen=True, slots=True)
class Identified:
    """The account is *upstream*, with its *id* if that is known. *same* are other names of it."""

    upstream: Upstream
    id: str = ""
    same: tuple[Upstream, ...] = ()


@dataclass(frozen=True, slots=True)
class AskAbout:
    """Gupshup has to be asked whether apps of these accounts belong to the account that signed in."""

    accounts: tuple[KnownAccount, ...]


@dataclass(frozen=True, slots=True)
class Unidentified:
    """No account is used. *message* holds the reason, and what to declare."""

    message: str


Identity: TypeAlias = Identified | AskAbout | Unidentified


class CredentialKind(StrEnum):
    CLIENT_SECRET = "client secret"  # noqa: S105  (a kind, no secret)
    PARTNER_TOKEN = "partner token"  # noqa: S105  (likewise)
    UNIVERSAL_TOKEN = "universal token"  # noqa: S105  (likewise)


@dataclass(frozen=True, slots=True)
class CredentialEnd:
    """The moment when a credential ends (*at*, epoch seconds). *renewed*: this program renews it itself."""

    kind: CredentialKind
    at: float
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the last sign-ins told of an account; None is what no sign-in told.

    *at* is the sign-in that told it (epoch seconds). *ends* are those of the tokens in use, which are not
    remembered: each process learns them from its own tokens.
    """

    terms_accepted: bool | None = None
    tech_provider: bool | None = None
    may_mint: bool | None = None
    at: float = 0.0
    ends: tuple[CredentialEnd, ...] = ()


class Obstacle(StrEnum):
    """A property of the account that keeps calls from working until a person changes it at Gupshup."""

    TERMS_NOT_ACCEPTED = "TermsNotAccepted"
    NOT_TECH_PROVIDER = "NotTechProvider"
    MINTING_NOT_ENABLED = "MintingNotEnabled"


REMEDIES = {
    Obstacle.TERMS_NOT_ACCEPTED: (
        "Gupshup's terms of use are not accepted, so no app can be linked: an admin of the account accepts "
        "them in the partner portal"
    ),
    Obstacle.NOT_TECH_PROVIDER: (
        "the account is not a tech provider at Gupshup, and only a tech provider can link apps: ask Gupshup "
        "to make it one"
    ),
    Obstacle.MINTING_NOT_ENABLED: (
        "the account may not mint universal tokens, and the app tokens of old end on 1 April 2027: ask "
        "Gupshup to enable minting, and use the credentials of a partner admin"
    ),
}
"""What is wrong, and what a person does about it."""


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
