"""Sources of manifests, as read: bytes with a name, nothing decided yet."""

from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.model.grant import Grant
from controller.model.manifest import Desired
from controller.model.problem import Problem


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One manifest file; *path* is what a person would type to open it, `/` between folders.

    *place* is its real path on the disk, with every link resolved; "" in a commit.
    """

    path: str
    data: bytes
    place: str = ""

    @property
    def empty(self) -> bool:
        """Whether the file is still empty: an editor may have written a byte order mark, and no more."""
        return not self.data.removeprefix(BOM_UTF8).strip()


@dataclass(frozen=True, slots=True)
class Stamp:
    """State of a file on the disk right before it was read. *real* is its path with every link resolved.

    *mark* (size, times of change, inode) differs after each write.
    """

    path: str
    real: str
    mark: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A whole source, read at one moment. *identity* is its own among sources (absolute paths, or a URL).

    *revision* is a digest of the manifests or a commit. *problems* are files that could not be read.
    *complete* is False if only single files were named. *stamps* are of files that may still be written to; a
    commit has none.
    """

    identity: str
    revision: str
    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...] = ()
    complete: bool = True
    stamps: tuple[Stamp, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules that the environment sets, and not the manifests: what is allowed, and the defaults.

    *url* is GUPSHUP_URL or Gupshup's own. *allowed_urls* come from GUPSHUPCTL_ALLOW_URLS. *token_given*:
    GUPSHUP_PARTNER_TOKEN (or its `_FILE`) is set. *credentials* and *headers* are what the references of
    Partners and of Subscriptions may name. *partner_id* is GUPSHUP_PARTNER_ID, "" if it is not set.
    """

    url: str = "https://partner.gupshup.io"
    allowed_urls: tuple[str, ...] = ()
    token_given: bool = False
    credentials: Grant = field(default_factory=lambda: Grant("GUPSHUP_", folder="/run/secrets"))
    headers: Grant = field(default_factory=lambda: Grant("HOOK_"))
    partner_id: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The result of decoding. With an error among *problems*, *desired* is None: half a source is none.

    *subscriptions* counts the manifests, before selectors make webhooks of them. *errors* and *warnings*
    count all findings, of which *problems* may list only some.
    """

    desired: Desired | None
    problems: tuple[Problem, ...]
    subscriptions: int = 0
    errors: int = 0
    warnings: int = 0


Schemas = Mapping[str, Mapping[str, object]]
"""The JSON Schemas by kind: Partner, App, Subscription."""
