"""Grants of the operator: variables and files that manifests may name. No manifest can widen a grant."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.model.manifest import FromEnv, FromFile, Reference


@dataclass(frozen=True, slots=True)
class Grant:
    """For one purpose: variables that begin with *prefix* or are *listed*, and files below *folder*.

    *folder* is an absolute path, None if there is none. *files* are those that the `…_FILE` twin of a granted
    variable names. *taken* maps every other file that a variable names to that variable. Such a file has
    another purpose, as has every file below *excluded*.
    """

    prefix: str
    listed: frozenset[str] = frozenset()
    folder: str | None = None
    excluded: str | None = None
    files: frozenset[str] = frozenset()
    taken: Mapping[str, str] = field(default_factory=dict, repr=False)

    def allows_variable(self, name: str) -> bool:
        return name.startswith(self.prefix) or name in self.listed

    def path(self, given: str) -> str | None:
        """Return the absolute path of a file that a manifest names, None if its name is not granted.

        A relative path starts at *folder*. The reader of the file checks its real path again.
        """
        steps = [step for step in given.split("/") if step]
        root = (self.folder or "").rstrip("/")
        whole = "/".join(["" if given.startswith("/") else root, *steps])
        climbs = not {".", ".."}.isdisjoint(steps)
        return whole if steps and not climbs and self.holds(whole) else None

    def holds(self, path: str) -> bool:
        """Return whether an absolute *path* is granted: by itself, or below the folder and not taken."""
        if path in self.files:
            return not is_service_account(path)
        ours = is_below(path, self.folder) and not is_below(path, self.excluded)
        return ours and path not in self.taken and not is_service_account(path)

    def rooted(self, reference: Reference) -> Reference:
        """Return *reference* with the absolute path of its file, if that is granted."""
        match reference:
            case FromFile(path):
                return FromFile(self.path(path) or path)
            case FromEnv():
                return reference


def is_below(path: str, folder: str | None) -> bool:
    """Return whether *path* lies below *folder*, both absolute. No path lies below None."""
    return folder is not None and path.startswith(f"{folder.rstrip('/')}/")


def is_service_account(path: str) -> bool:
    """Return whether a file lies in the folder of a pod's Kubernetes token: no file there is for us."""
    return "/kubernetes.io/serviceaccount/" in f"{path}/"
