"""Where chats are kept: one SQLite file that only its owner can read, or memory alone."""

from llmq.chat.store.places import default_folder
from llmq.chat.store.records import SessionRecord, StoredTurn
from llmq.chat.store.store import RETENTION_DAYS, Store

__all__ = ["RETENTION_DAYS", "SessionRecord", "Store", "StoredTurn", "default_folder"]
