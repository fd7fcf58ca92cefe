"""Errors, each an answer to one question: who has to act next.

ControllerError
├── ManifestError    the author: every problem at once
├── PlanRefused      the operator, who checks and agrees
├── PlanFileError    the operator, who plans again: the file is no plan that can be applied here
├── SourceError      nobody: the source cannot be read now
│   └── Unsettled    nobody: the source is being written to; read it again afterwards
├── Busy             nobody: nothing was sent, or the call was refused unread
│   ├── Limited      Gupshup answered 429: our rate was wrong
│   └── OutOfTime    the work takes longer than there is time
├── Unclear          nobody: the write may have happened; read again
├── Denied           the operator: credentials
│   ├── AccountError  the account is not known, or is not the one that was meant
│   ├── AddressNotAllowed  Gupshup takes no calls from this host's address
│   ├── MintRefused   no Universal Token is minted for this account
│   └── TokenLimitReached  three Universal Tokens are active, and none of them is ours
├── Rejected         the author of that one item
│   └── Unsupported  the author: Gupshup no longer has this call, whatever the item
├── StoreError       the operator: the store is damaged, foreign or newer
├── Locked           nobody: another writer holds the partner
└── Usage            the caller: a wrong flag or name
"""

from collections.abc import Sequence

from controller.model.manifest import AppId
from controller.model.problem import Problem


class ControllerError(Exception):
    """The root of our errors. The text shows what was tried, on what, and what came back. Never a secret."""


class ManifestError(ControllerError):
    def __init__(self, problems: Sequence[Problem]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{count} in the manifests")
        self.problems = tuple(problems)


class PlanRefused(ControllerError):
    """*digest* is what `--release` takes to let exactly this through, "" if nothing does.

    The text is *why*, and how to let it through. Several digests have commas between them.
    """

    def __init__(self, why: str, digest: str) -> None:
        super().__init__(f"{why}. To go on all the same: --release {digest}" if digest else why)
        self.why = why
        self.digest = digest


class PlanFileError(ControllerError):
    pass


class SourceError(ControllerError):
    """*revision* is the one that is wrong, "" if no revision is known."""

    def __init__(self, message: str, revision: str = "") -> None:
        super().__init__(message)
        self.revision = revision


class Unsettled(SourceError):
    pass


class Busy(ControllerError):
    """*until* is when to try again (epoch seconds), None if not known."""

    def __init__(self, message: str, until: float | None = None) -> None:
        super().__init__(message)
        self.until = until


class Limited(Busy):
    pass


class OutOfTime(Busy):
    pass


class Unclear(ControllerError):
    pass


class Denied(ControllerError):
    pass


class AccountError(Denied):
    pass


class AddressNotAllowed(Denied):
    pass


class MintRefused(Denied):
    """*status* and *words* are Gupshup's."""

    def __init__(self, message: str, *, status: int, words: str) -> None:
        super().__init__(message)
        self.status = status
        self.words = words


class TokenLimitReached(Denied):
    pass


class Rejected(ControllerError):
    """Gupshup understood and refused.

    *words* are Gupshup's own, cleaned and clipped. *app_id* came along with them.
    """

    def __init__(self, message: str, *, status: int, words: str, app_id: AppId | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.words = words
        self.app_id = app_id


class Unsupported(Rejected):
    pass


class StoreError(ControllerError):
    pass


class Locked(ControllerError):
    pass


class Usage(ControllerError):
    pass
