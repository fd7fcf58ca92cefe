"""How far provisioning has come: the words of Gupshup in, one of three answers out."""

from enum import StrEnum

from controller.model.manifest import App, AppId
from controller.model.upstream import Details, Facts, LookFailed, Row, Stage

DONE = "WHATSAPP_PROVISIONING_DONE"
ERROR = "ERROR"


class Progress(StrEnum):
    PROVISIONING = "Provisioning"
    LIVE = "Live"
    FAILED = "Failed"


def progress(*, live: bool, stage: Stage) -> Progress:
    """Say where an app stands; an unknown word means that it is still under way.

    `live` wins over the stage, which can lag behind it (docs/gupshup-api.md, Stages).
    """
    if live or stage.creation == DONE:
        return Progress.LIVE
    return Progress.FAILED if stage.creation == ERROR else Progress.PROVISIONING


def of_row(row: Row, facts: Facts) -> Progress:
    """Say where the app of *row* stands, counting what was asked about it beyond the list."""
    seen = facts.stages.get(row.id)
    told = seen if isinstance(seen, Stage) and row.stage.creation is None else row.stage
    return progress(live=row.live or _details_live(row.id, facts), stage=told)


def confirmed(row: Row, facts: Facts) -> bool | None:
    """Say whether a second source agrees that the app is live; None while it was not asked or did not tell.

    A row's `live` is confirmed by the details, a row's stage by the pipeline.
    """
    if row.live:
        details = facts.details.get(row.id)
        return details.live if isinstance(details, Details) else None
    stage = facts.stages.get(row.id)
    return stage.creation == DONE if isinstance(stage, Stage) else None


def second_look(row: Row, facts: Facts) -> float | None:
    """Return when the look that `confirmed` needs can be tried again (epoch seconds), if that is known."""
    tried = facts.details.get(row.id) if row.live else facts.stages.get(row.id)
    return tried.until if isinstance(tried, LookFailed) else None


def overdue(app: App, row: Row, now: float) -> bool:
    return row.created is not None and now - row.created > app.provisioning_timeout


def _details_live(app_id: AppId, facts: Facts) -> bool:
    details = facts.details.get(app_id)
    return isinstance(details, Details) and details.live
