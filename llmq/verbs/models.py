"""The model that a command names: a path, or one of the hub as org/name[@revision]."""

from pathlib import Path

from llmq.errors import HubError
from llmq.verbs.convert_report import tell_note
from llmq.verbs.paths import check_model, on_hub
from llmq.verbs.progress import transfer_bar


def here(path: Path) -> Path:
    """The path itself, or the folder in the hub's cache that it is the id of; asks nobody."""
    if not on_hub(path):
        return path
    from llmq.sources.opening import located

    return located(path)


def model_here(path: Path) -> Path:
    """The path of a model that is on this disk, in the hub's cache too. Raises `PathError`."""
    found = here(path)
    check_model(found)
    return found


def model_fetched(path: Path, *, pre: str | None = None, quiet: bool) -> Path:
    """The path of a model, which is fetched where it is the hub's; raises a child of LlmqError."""
    if not on_hub(path):
        return path
    from llmq.sources.opening import fetched

    try:
        return fetched(path, pre=pre, transfer=None if quiet else transfer_bar, say=tell_note)
    except KeyboardInterrupt:
        raise HubError(
            f"{path}: stopped by Ctrl-C; what has come is kept, and the same command goes on with it"
        ) from None
