"""llmq: from a fine-tuned Hugging Face model to a tutor that runs, proven, on a student's device.

    >>> from llmq import make_plan, open_checkpoint
    >>> plan = make_plan(open_checkpoint("eval/tutor"), recipe="Q4_0")
    >>> plan.recipe.name
    'Q4_0'

Every name is imported when it is first used, so that `import llmq` loads nothing heavy.
"""

import importlib
from typing import TYPE_CHECKING, Any

from llmq.version import __version__ as __version__

if TYPE_CHECKING:
    from llmq.chat.conversation import open_chat as open_chat
    from llmq.checkpoint import open_checkpoint as open_checkpoint
    from llmq.errors import LlmqError as LlmqError
    from llmq.gguf_file import open_gguf as open_gguf
    from llmq.importance_file import read_importance as read_importance
    from llmq.overrides import Overrides as Overrides
    from llmq.overrides import tensor_type as tensor_type
    from llmq.planning import make_plan as make_plan
    from llmq.quantize import execute as execute
    from llmq_eval.drift import measure_drift as measure_drift
    from llmq_kernels import Strategy as Strategy

_HOMES = {
    "LlmqError": "llmq.errors",
    "Overrides": "llmq.overrides",
    "Strategy": "llmq_kernels",
    "execute": "llmq.quantize",
    "make_plan": "llmq.planning",
    "measure_drift": "llmq_eval.drift",
    "open_chat": "llmq.chat.conversation",
    "open_checkpoint": "llmq.checkpoint",
    "open_gguf": "llmq.gguf_file",
    "read_importance": "llmq.importance_file",
    "tensor_type": "llmq.overrides",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605  # a sorted list of the table's names; tested


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'llmq' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
