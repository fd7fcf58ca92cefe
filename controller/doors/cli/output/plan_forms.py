"""The plans of all partners, in each form that `plan` and `show` print."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controller.core.render.annotations.plans import annotations, places
from controller.core.render.entries.view import View
from controller.core.render.markdown.documents import plan_markdown
from controller.core.render.plans import plan_document, plan_text
from controller.core.render.wrapping import wrapped
from controller.errors import PlanRefused
from controller.model.manifest import Desired
from controller.model.plan import Plan
from controller.model.text import escape

REFUSED = "The source is refused, and nothing is done. Its release would mean:"


@dataclass(frozen=True, slots=True)
class PlanForms:
    """What is shown: *errors* are those of partners without a plan, *desired* says where items stand.

    *since* is what the plans compare with. *notes* say what they are about, and *about* does so in JSON.
    *refusal* is why nothing of them is done.
    """

    plans: Sequence[Plan]
    revision: str
    desired: Desired
    errors: Mapping[str, str] = field(default_factory=dict)
    since: Mapping[str, str] | None = None
    notes: Sequence[str] = ()
    about: Mapping[str, object] = field(default_factory=dict)
    refusal: PlanRefused | None = None

    def render(self, form: str, view: View) -> str:
        view = replace(view, phones=view.phones.knowing(self.desired))
        match form:
            case "json":
                return json.dumps(self._document(view), indent=2, ensure_ascii=False)
            case "markdown":
                return self._markdown(view)
            case "github":
                return annotations(self.plans, places(self.desired), str(self.refusal or ""), view.phones)
            case _:
                return self._text(view) if self.plans or not self.errors else ""

    def _document(self, view: View) -> dict[str, object]:
        found = plan_document(self.plans, self.revision, self.since, errors=self.errors, phones=view.phones)
        refused = None if self.refusal is None else _refused(self.refusal)
        return {**found, "refused": refused, **self.about}

    def _release(self, view: View) -> Callable[[str], str]:
        """Return what makes a command of a digest. What is held of a refused source needs both releases."""
        refused = "" if self.refusal is None else self.refusal.digest
        return lambda digest: view.release(f"{refused},{digest}" if refused else digest)

    def _markdown(self, view: View) -> str:
        return plan_markdown(
            self.plans,
            self.revision,
            view,
            errors=self.errors,
            notes=self.notes,
            refusal=self.refusal,
        )

    def _text(self, view: View) -> str:
        refused = () if self.refusal is None else (REFUSED,)
        notes = [line for note in (*self.notes, *refused) for line in wrapped(escape(note), view.width, 2)]
        text = plan_text(self.plans, self.revision, replace(view, release=self._release(view)))
        return "\n".join([*notes, *([""] if notes else []), text])


def _refused(refusal: PlanRefused) -> dict[str, str]:
    return {"message": refusal.why, "digest": refusal.digest}
