"""What llmq takes of huggingface_hub, imported when it is used: the cache, tokens, requests.

The library's own environment counts: HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE.
It reports nothing of its use (as with HF_HUB_DISABLE_TELEMETRY), and xet, its other way of
transfer, is not used: a plain request can be gone on with, and what comes of it be checked.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from llmq.errors import HubError, one_line
from llmq.sources.hub.ids import HubId
from llmq.version import __version__

OnBytes = Callable[[int], object]
LOG_IN = "hf auth login (or set HF_TOKEN)"


@dataclass(frozen=True)
class HubFile:
    """A file as the hub lists it; `sha256` for large ones, else `git_sha1`, of git's blob."""

    name: str
    size: int
    sha256: str | None
    git_sha1: str | None

    @property
    def etag(self) -> str:
        """What the hub calls its content, and the cache its file."""
        return self.sha256 or self.git_sha1 or ""

    @property
    def is_hashed(self) -> bool:
        """Whether it can be checked, and its name in the cache is one."""
        return re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", self.etag) is not None


@dataclass(frozen=True)
class Listing:
    """What the hub has of a model at one commit."""

    commit: str
    files: dict[str, HubFile]


def _library() -> Any:
    import huggingface_hub
    from huggingface_hub import constants, errors, file_download, utils  # noqa: F401  # its attributes from now on

    constants.HF_HUB_DISABLE_TELEMETRY = True
    utils.logging.get_logger().setLevel("ERROR")  # it warns of each retry
    return huggingface_hub


def cache_folder(repo: str) -> Path:
    """Where the cache holds a model, whether it is there or not."""
    root = Path(_library().constants.HF_HUB_CACHE).expanduser()
    name: str = _library().file_download.repo_folder_name(repo_id=repo, repo_type="model")
    return root / name


def listing(wanted: HubId) -> Listing:
    """Ask the hub for the commit and the files of a model. Raises whatever the library does."""
    api = _library().HfApi(library_name="llmq", library_version=__version__)
    found = api.model_info(wanted.repo, revision=wanted.revision, files_metadata=True, timeout=30.0)
    files = {
        each.rfilename: HubFile(
            each.rfilename, each.size, each.lfs.sha256 if each.lfs else None, each.blob_id
        )
        for each in found.siblings or ()
        if isinstance(each.size, int)
    }
    return Listing(found.sha, files)


def receive(repo: str, commit: str, file: HubFile, into: BinaryIO, on_bytes: OnBytes) -> None:
    """Write the rest of a file behind what `into` holds; a connection that breaks is taken up."""
    library = _library()
    headers = library.utils.build_hf_headers(library_name="llmq", library_version=__version__)
    library.file_download.http_get(
        library.hf_hub_url(repo, file.name, revision=commit),
        into,
        resume_size=into.tell(),
        headers=headers | {"Accept-Encoding": "identity"},
        expected_size=file.size,
        tqdm_class=_told_to(on_bytes),
    )


def link(repo: str, commit: str, file: HubFile) -> Path:
    """Give a file whose content lies in the cache its place in the folder of the commit."""
    path: str = _library().hf_hub_download(
        repo, file.name, revision=commit, library_name="llmq", library_version=__version__
    )
    return Path(path)


def lock(repo: str, file: HubFile) -> AbstractContextManager[object]:
    """Keeps other commands from fetching the same file; the library's own too."""
    folder = cache_folder(repo)
    path = folder.parent / ".locks" / folder.name / f"{file.etag}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    found: AbstractContextManager[object] = _library().utils.WeakFileLock(path)
    return found


def _told_to(on_bytes: OnBytes) -> type:
    """What the library takes for a bar of tqdm's."""

    class Bar:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(
            self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
        ) -> None:
            pass

        def update(self, n_bytes: int) -> None:
            on_bytes(n_bytes)

    return Bar


def in_words(error: Exception, wanted: HubId) -> HubError:
    """What the library raised, as one line that names the model and the remedy."""
    errors = _library().errors
    page = f"{_library().constants.ENDPOINT}/{wanted.repo}"
    told = {
        errors.GatedRepoError: f"its owner lets people in one by one; ask for it on {page}, then type:"
        f" {LOG_IN}",
        errors.RepositoryNotFoundError: "there is no such model on the hub, or it is private; check"
        f" the name, or type: {LOG_IN}",
        errors.RevisionNotFoundError: f"has no revision {wanted.revision!r}; type"
        f" {wanted.repo} for the newest",
        errors.DisabledRepoError: "the hub has closed it",
        errors.EntryNotFoundError: "a file that the hub lists is not there; try again, or name"
        " another revision",
        errors.OfflineModeIsEnabled: "the network is switched off (HF_HUB_OFFLINE)",
    }
    words = next((words for kind, words in told.items() if isinstance(error, kind)), None)
    if words is None:
        status = getattr(getattr(error, "response", None), "status_code", None)
        reason = f"the hub answered {status}" if status else _reason(error)
        words = f"{reason}; try again when the network is there"
    return HubError(f"{wanted}: {words}")


def _reason(error: Exception) -> str:
    """Why the hub could not be reached."""
    said = one_line(str(error), 120) or type(error).__name__
    return f"the hub cannot be reached ({said})"
