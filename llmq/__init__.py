"""llmq: from a fine-tuned Hugging Face model to a tutor that runs, proven, on a student's device.

    >>> from llmq import make_plan, open_source
    >>> plan = make_plan(open_source("eval/tutor"), recipe="Q4_0")
    >>> plan.recipe.name
    'Q4_0'

Every name is imported when it is first used, so that `import llmq` loads nothing heavy.
"""

import importlib
from typing import TYPE_CHECKING, Any

from llmq.version import __version__ as __version__

if TYPE_CHECKING:
    from llmq.chat.conversation import open_chat as open_chat
    from llmq.conversion import convert as convert
    from llmq.drift import measure_drift as measure_drift
    from llmq.errors import LlmqError as LlmqError
    from llmq.files.gguf import open_gguf as open_gguf
    from llmq.files.imatrix import read_importance as read_importance
    from llmq.planning import make_plan as make_plan
    from llmq.quantize import execute as execute
    from llmq.recipes.overrides import Overrides as Overrides
    from llmq.recipes.overrides import tensor_type as tensor_type
    from llmq.sources.opening import open_source as open_source
    from llmq_kernels import Encoder as Encoder

_HOMES = {
    "Encoder": "llmq_kernels",
    "LlmqError": "llmq.errors",
    "Overrides": "llmq.recipes.overrides",
    "convert": "llmq.conversion",
    "execute": "llmq.quantize",
    "make_plan": "llmq.planning",
    "measure_drift": "llmq.drift",
    "open_chat": "llmq.chat.conversation",
    "open_gguf": "llmq.files.gguf",
    "open_source": "llmq.sources.opening",
    "read_importance": "llmq.files.imatrix",
    "tensor_type": "llmq.recipes.overrides",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605  # a sorted list of the table's names; tested


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'llmq' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
