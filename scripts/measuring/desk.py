"""Where results are kept, and by what they are known."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmq.runtime import llama_cpp_version
from llmq.runtime.binding import library
from scripts.measuring.keeping import digest


@dataclass(frozen=True)
class Subject:
    """A file to measure. `identity` is its hash, or tells what it is made from."""

    path: Path
    identity: str


@dataclass(frozen=True)
class Desk:
    """The base of everything, and the folder in which what is finished is kept."""

    base: Subject
    work: Path
    build: str
    """llama.cpp's version and what it was compiled for: another build adds in another order."""

    @property
    def logits(self) -> Path:
        """Where the base's logits are kept."""
        return self.work / "logits" / digest(self.base.identity, self.build)

    def result(self, subject: Subject, *asked: Any) -> Path:
        """Where a result is kept, without the end of the name."""
        name = digest(self.base.identity, self.build, subject.identity, *asked)
        return self.work / "results" / name


def desk_for(base: Subject, work: Path) -> Desk:
    """The desk with llama.cpp as it is installed."""
    features = library().llama_print_system_info().decode()
    return Desk(base, work, f"{llama_cpp_version()} {features}")
