"""Saved plans, as a file holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.model.plan import Plan
from controller.model.source import SourceFile


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """The plans of all partners, as they were made at *created* (epoch seconds) from *revision*.

    *upstreams* maps each partner to its account. *files* are the manifests of everything that the plan is
    about. *whole_apps* are those of its apps whose subscriptions are all among them. *since* names the
    revision that the plan is compared with (`ref`, `commit`), empty if it is about everything. *digest* is
    that of the file's whole content, and the name of the plan.
    """

    created: float
    revision: str
    upstreams: Mapping[str, str]
    files: tuple[SourceFile, ...]
    plans: tuple[Plan, ...]
    whole_apps: frozenset[str] = frozenset()
    since: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
