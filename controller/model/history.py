"""Records of the past: writes, a report, the last good revision of a source, hints."""

from dataclasses import dataclass

from controller.model.manifest import AppId
from controller.model.source import SourceFile


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """One write: *who* asked for it, from which *revision*, *verb* and *target*, and what came of it.

    *outcome* is done, failed, stale or unclear, and "" from before the call until its outcome is recorded. An
    entry that stays "" died with its process. *message* is the answer, cleaned. *app_id* is the app's at
    Gupshup, None if it is not known. *tag* is the webhook's, None if the write was about none, or if an older
    release made it.
    """

    at: float
    who: str
    revision: str
    verb: str
    target: str
    outcome: str = ""
    message: str = ""
    app_id: AppId | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report that could not be printed, for the reason *why*. *text* is the whole report.

    *form* is text or json, *code* the exit code of the run.
    """

    at: float
    who: str
    revision: str
    code: int
    why: str
    form: str
    text: str


@dataclass(frozen=True, slots=True)
class Declared:
    """How much was declared for one account. Subscriptions count after selectors are expanded."""

    apps: int
    subscriptions: int


@dataclass(frozen=True, slots=True)
class LastGood:
    """The last revision of a source that was accepted, with its own manifests; *at* is epoch seconds."""

    revision: str
    at: float
    files: tuple[SourceFile, ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """A wish for an observation: *app* is a manifest's or Gupshup's name of the app, "" the whole partner.

    *kind* is the cause (an event, a person's `reconcile`), never the change itself.
    """

    app: str
    kind: str
    at: float
