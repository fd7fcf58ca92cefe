"""Where manifests come from, as read: bytes with a name, nothing decided yet."""

from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.model.grant import Grant
from controller.model.manifest import Desired
from controller.model.problem import Problem


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One manifest file; *path* is what a person would type to open it, `/` between folders.

    *place* is where it lies on the disk, whatever links lead there; "" in a commit.
    """

    path: str
    data: bytes
    place: str = ""

    @property
    def empty(self) -> bool:
        """Whether it holds nothing yet: an editor may have written its mark of the encoding, and no more."""
        return not self.data.removeprefix(BOM_UTF8).strip()


@dataclass(frozen=True, slots=True)
class Stamp:
    """How a file lay on the disk right before it was read: *real* is where, whatever links lead there.

    *mark* (size, times of change, inode) is another one after each write.
    """

    path: str
    real: str
    mark: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A whole source, read at one moment. *identity* tells it from other sources (absolute paths, or a URL).

    *revision* is a digest of the manifests or a commit; *problems* are files that could not be read;
    *complete* is False where only single files were named. *stamps* are of files that somebody may be writing
    to; a commit has none.
    """

    identity: str
    revision: str
    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...] = ()
    complete: bool = True
    stamps: tuple[Stamp, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What the surroundings, not the manifests, say about what is allowed and what is meant by default.

    *url* is GUPSHUP_URL or Gupshup's own; *allowed_urls* come from GUPSHUPCTL_ALLOW_URLS; *token_given* says
    that GUPSHUP_PARTNER_TOKEN (or its `_FILE`) is set. *credentials* and *headers* are what the references of
    Partners and of Subscriptions may name. *partner_id* is GUPSHUP_PARTNER_ID, "" where it is not set.
    """

    url: str = "https://partner.gupshup.io"
    allowed_urls: tuple[str, ...] = ()
    token_given: bool = False
    credentials: Grant = field(default_factory=lambda: Grant("GUPSHUP_", folder="/run/secrets"))
    headers: Grant = field(default_factory=lambda: Grant("HOOK_"))
    partner_id: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came of decoding. With an error among *problems*, *desired* is None: half a source is none.

    *subscriptions* counts the manifests, before selectors make webhooks of them; *errors* and *warnings* all
    that were found, of which *problems* may list only some.
    """

    desired: Desired | None
    problems: tuple[Problem, ...]
    subscriptions: int = 0
    errors: int = 0
    warnings: int = 0


Schemas = Mapping[str, Mapping[str, object]]
"""The JSON Schemas by kind: Partner, App, Subscription."""
