"""The source of `run` as `get` and `reconcile` show it: what is in force, and why nothing newer is."""

from collections.abc import Iterable, Iterator, Sequence

from controller.core.render.held import accept_hint
from controller.core.timestamp import timestamp
from controller.model.passes import SourceRead, SourceState
from controller.model.text import escape


def rejected_lines(reads: Iterable[SourceRead], store: Sequence[str] = ()) -> Iterator[str]:
    """Yield a line for each source whose newest revision is not in force. *store* are words for its store."""
    for state in dict.fromkeys(read.state for read in reads if read.state.error):
        yield f"{_head(state)}: {escape(state.error)}{_released(state, store)}"


def rejected_in_full(reads: Iterable[SourceRead], store: Sequence[str] = ()) -> Iterator[str]:
    """Yield the same with a line for each problem of the manifests."""
    for read in dict.fromkeys(each for each in reads if each.state.error):
        if read.problems:
            yield f"{_head(read.state)}:"
            yield from (f"  {line}" for line in read.problems.splitlines())
        else:
            yield from rejected_lines([read], store)


def in_force_line(reads: Iterable[SourceRead]) -> Iterator[str]:
    """Yield a line for each source with the revision that its accounts were brought towards."""
    known = {(read.state.identity, read.state.revision) for read in reads if read.state.revision}
    for identity, revision in sorted(known):
        yield f"Reconciled with revision {escape(revision)} of {escape(identity)}."


def _head(state: SourceState) -> str:
    since = "" if state.error_since is None else f" since {timestamp(state.error_since)}"
    what = f"revision {state.rejected} is rejected" if state.rejected else "no newer revision could be read"
    old = f"{state.revision} stays in force" if state.revision else "no revision is in force"
    left = "" if state.rejected and state.rejected == state.revision else f", {old}"
    return escape(f"Source {state.identity}: {what}{since}{left}")


def _released(state: SourceState, store: Sequence[str]) -> str:
    return f". To accept it: {accept_hint(state.digest, state.revision, store)}" if state.digest else ""
