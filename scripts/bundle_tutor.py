"""Build the bundled tutor's file into the wheel: a hook of hatchling, named in pyproject.toml.

A checkout that is installed as it lies needs none: it makes the file when it is first asked for.
The file is not tried by llama.cpp here, for a wheel is built without it.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("", "kernels")  # where llmq and llmq_kernels lie


class BundledTutor(BuildHookInterface[Any]):
    """Converts eval/tutor and puts the file where `llmq.bundled` looks for it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the wheel is written; `version` is "editable" for an installed checkout."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path[:0] = [str(root / folder) for folder in PACKAGES]
        from llmq.bundled import NAME, SOURCE
        from llmq.conversion import convert

        self.folder = TemporaryDirectory()
        file = convert(SOURCE, Path(self.folder.name) / NAME, load_check=False)
        build_data["force_include"][str(file)] = f"llmq/bundled/{NAME}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002  # hatchling's signature
        """After it: the wheel holds a copy."""
        if version != "editable":
            self.folder.cleanup()
