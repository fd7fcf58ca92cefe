"""The store, in SQLite or PostgreSQL: intents, bindings, calls and history survive a crash. No secrets."""

from controller.edges.store.location import chosen_location, default_location, store_words
from controller.edges.store.names import stored_resources
from controller.edges.store.store import SqlStore, look_into, open_store
from controller.edges.store.writer_lock import WriterLock

__all__ = [
    "SqlStore",
    "WriterLock",
    "chosen_location",
    "default_location",
    "look_into",
    "open_store",
    "store_words",
    "stored_resources",
]
