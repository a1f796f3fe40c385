"""Where a model comes from, as metadata: the hub's repository and commit, adapters merged into it.

general.source.repo_url  the repository (gguf/constants.py has the key)
llmq.source.commit       the commit of it that the weights are of
general.name             that of the last adapter, which the model is called after
llmq.lora.names          the adapters, in the order in which they were merged
llmq.lora.sha256         the hash of each one's weights
llmq.lora.scales         what each was multiplied with besides its own scaling
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from llmq.files.gguf import Metadata
from llmq.sources.adapters.adapter import Adapter
from llmq.sources.hub.ids import REPO_URL, origin_of


def of_origin(folder: Path) -> Metadata:
    """The keys of a folder in the hub's cache; none for other folders."""
    origin = origin_of(folder)
    if origin is None:
        return {}
    return {
        "general.source.repo_url": f"{REPO_URL}{origin.repo}",
        "llmq.source.commit": origin.revision,
    }


def of_adapters(adapters: Sequence[Adapter]) -> Metadata:
    """The keys of what was merged in; none where nothing was."""
    if not adapters:
        return {}
    return {
        "general.name": adapters[-1].name,
        "llmq.lora.names": [adapter.name for adapter in adapters],
        "llmq.lora.sha256": [adapter.sha256() for adapter in adapters],
        "llmq.lora.scales": np.array([adapter.scale for adapter in adapters], np.float32),
    }
