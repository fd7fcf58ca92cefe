"""Progress of provisioning: the words of Gupshup come in, one of three answers goes out."""

from enum import StrEnum

from controller.model.manifest import App, AppId
from controller.model.upstream import Details, Facts, ReadFailed, Row, Stage

DONE = "WHATSAPP_PROVISIONING_DONE"
ERROR = "ERROR"


class Progress(StrEnum):
    PROVISIONING = "Provisioning"
    LIVE = "Live"
    FAILED = "Failed"


def progress(*, live: bool, stage: Stage) -> Progress:
    """Return how far an app has come. An unknown word counts as still under way.

    `live` wins over the stage, which can lag behind (docs/gupshup-api.md, Stages).
    """
    if live or stage.creation == DONE:
        return Progress.LIVE
    return Progress.FAILED if stage.creation == ERROR else Progress.PROVISIONING


def of_row(row: Row, facts: Facts) -> Progress:
    """Return how far the app of *row* has come, with what was read about it beyond the list."""
    seen = facts.stages.get(row.id)
    current = seen if isinstance(seen, Stage) and row.stage.creation is None else row.stage
    return progress(live=row.live or _details_live(row.id, facts), stage=current)


def confirmed(row: Row, facts: Facts) -> bool | None:
    """Return whether a second source confirms that the app is live, None without an answer from it.

    A row's `live` is confirmed by the details, a row's stage by the pipeline.
    """
    if row.live:
        details = facts.details.get(row.id)
        return details.live if isinstance(details, Details) else None
    stage = facts.stages.get(row.id)
    return stage.creation == DONE if isinstance(stage, Stage) else None


def second_read(row: Row, facts: Facts) -> float | None:
    """Return when the read for `confirmed` can be tried again (epoch seconds), None if not known."""
    tried = facts.details.get(row.id) if row.live else facts.stages.get(row.id)
    return tried.until if isinstance(tried, ReadFailed) else None


def stalled(app: App, row: Row, progress: Progress, now: float) -> tuple[str, str] | None:
    """Return the reason and the message if the app of *row* will not go live without a person."""
    stage = f"{row.stage.creation or 'no stage'}, {row.stage.pipeline or 'no pipeline stage'}"
    if progress is Progress.FAILED:
        message = f"Gupshup gave up provisioning ({stage}); ask Gupshup's support to restart app {row.id}"
        return "ProvisioningFailed", message
    if progress is Progress.PROVISIONING and _overdue(app, row, now):
        message = f"not live after {app.provisioning_timeout:.0f} s ({stage}); ask Gupshup's support"
        return "ProvisioningTimeout", message
    return None


def _overdue(app: App, row: Row, now: float) -> bool:
    return row.created is not None and now - row.created > app.provisioning_timeout


def _details_live(app_id: AppId, facts: Facts) -> bool:
    details = facts.details.get(app_id)
    return isinstance(details, Details) and details.live
