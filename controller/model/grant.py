"""What the operator lets manifests name: variables and files, for one purpose; a manifest cannot widen it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.model.manifest import FromEnv, FromFile, Reference


@dataclass(frozen=True, slots=True)
class Grant:
    """Names of variables that begin with *prefix* or are *listed*, and files below *folder*.

    *folder* is an absolute path, None where there is none. *files* are those that the `…_FILE` twin of a
    granted variable names. *taken* maps every other file that a variable names to that variable: it
    has another purpose, as has what lies below *excluded*.
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
        """Return the absolute path of a file that a manifest names, None where it is not granted by its name.

        What is no absolute path is one below *folder*. Whoever reads it judges it again by its real path.
        """
        steps = [step for step in given.split("/") if step]
        root = (self.folder or "").rstrip("/")
        whole = "/".join(["" if given.startswith("/") else root, *steps])
        climbs = not {".", ".."}.isdisjoint(steps)
        return whole if steps and not climbs and self.holds(whole) else None

    def holds(self, path: str) -> bool:
        """Say whether an absolute *path* is granted: a file by itself, or below the folder and not taken."""
        if path in self.files:
            return not is_service_account(path)
        ours = is_below(path, self.folder) and not is_below(path, self.excluded)
        return ours and path not in self.taken and not is_service_account(path)

    def rooted(self, reference: Reference) -> Reference:
        """Return *reference* with the absolute path of its file, where that is granted."""
        match reference:
            case FromFile(path):
                return FromFile(self.path(path) or path)
            case FromEnv():
                return reference


def is_below(path: str, folder: str | None) -> bool:
    """Say whether *path* lies below *folder*, both absolute; nothing lies below none."""
    return folder is not None and path.startswith(f"{folder.rstrip('/')}/")


def is_service_account(path: str) -> bool:
    """Say whether a file lies where Kubernetes puts the token of a pod: nothing there is for us."""
    return "/kubernetes.io/serviceaccount/" in f"{path}/"
