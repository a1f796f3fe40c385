"""The name of a model on the hub: `org/name`, of a certain revision `org/name@revision`."""

import re
from dataclasses import dataclass
from pathlib import Path

ADDRESS = r"(?:https?:/+)?(?:(?:www\.)?(?:huggingface\.co|hf\.co)/)"
NAME = r"[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9_])?"  # `validate_repo_id` of huggingface_hub
REVISION = r"[A-Za-z0-9][\w.-]*(?:/[\w.-]+)*"
ID = re.compile(
    rf"(?P<address>{ADDRESS})?(?P<repo>{NAME}/{NAME})(?:(?:@|/tree/)(?P<revision>{REVISION}))?/?",
    re.ASCII,
)
COMMIT = re.compile(r"[0-9a-f]{40}")
DEFAULT_REVISION = "main"
REPO_URL = "https://huggingface.co/"


@dataclass(frozen=True)
class HubId:
    """A model of the hub at a branch, a tag or a commit."""

    repo: str
    revision: str = DEFAULT_REVISION

    def __str__(self) -> str:
        """As it is typed."""
        return self.repo if self.revision == DEFAULT_REVISION else f"{self.repo}@{self.revision}"

    @property
    def name(self) -> str:
        """The model's own name, without its owner's."""
        return self.repo.partition("/")[2]


def hub_id(path: str | Path) -> HubId | None:
    """The model of the hub that `path` names; None where it can only be meant as a path.

    What is on the disk wins, and in a folder that is there a missing name is a mistyped one.

        >>> hub_id("org/name"), hub_id("org/name@v1.0")
        (HubId(repo='org/name', revision='main'), HubId(repo='org/name', revision='v1.0'))
        >>> hub_id("https://huggingface.co/org/name").repo
        'org/name'
        >>> hub_id("./org/name"), hub_id("org/name/model.gguf"), hub_id("eval/tutro")
        (None, None, None)
    """
    text = path.as_posix() if isinstance(path, Path) else path
    match = ID.fullmatch(text)
    if match is None or ".." in text or "--" in match["repo"] or _is_file(match["repo"]):
        return None
    if match["address"] is None and (Path(path).exists() or Path(path).parent.exists()):
        return None
    return HubId(match["repo"], match["revision"] or DEFAULT_REVISION)


def _is_file(repo: str) -> bool:
    """Whether a name ends as files do that a command takes, and no model's."""
    return repo.lower().endswith((".gguf", ".git", ".json", ".safetensors", ".txt"))


def origin_of(folder: Path) -> HubId | None:
    """The model and the commit that a folder of the hub's cache holds; None for other folders."""
    home = folder.resolve()
    if home.parent.name != "snapshots" or not COMMIT.fullmatch(home.name):
        return None
    kind, *names = home.parent.parent.name.split("--")
    if kind != "models" or len(names) != 2:
        return None
    return HubId("/".join(names), home.name)
