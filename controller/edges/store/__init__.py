"""The store, in SQLite or PostgreSQL: intents, bindings, calls and history survive a crash. No secrets."""

from controller.edges.store.copying import StoreCopy, copy_store
from controller.edges.store.inspection import inspect
from controller.edges.store.location import chosen_location, default_location, store_words
from controller.edges.store.names import stored_resources
from controller.edges.store.store import SqlStore, in_memory, look_into, open_store
from controller.edges.store.writer_lock import WriterLock

__all__ = [
    "SqlStore",
    "StoreCopy",
    "WriterLock",
    "chosen_location",
    "copy_store",
    "default_location",
    "in_memory",
    "inspect",
    "look_into",
    "open_store",
    "store_words",
    "stored_resources",
]
