"""What survives a crash, in SQLite: intents, bindings, the log of calls, history; never a secret."""

from controller.edges.store.location import default_location
from controller.edges.store.lock import Hold
from controller.edges.store.store import Store, open_store

__all__ = ["Hold", "Store", "default_location", "open_store"]
