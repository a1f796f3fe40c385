"""The settings of a checkpoint, as its family completes them and its tensors decide them."""

from llmq.architectures.table import Architecture, Config
from llmq.sources.checkpoint import Checkpoint


def model_settings(checkpoint: Checkpoint, architecture: Architecture) -> Config:
    """The settings; in a model of several parts it may be unclear whether the output is tied.

    transformers 5 asks the settings of the whole, its predecessors those of the text part, and all
    of them look at what is stored (`tie_weights` in modeling_utils.py).
    """
    settings = architecture.settings(checkpoint.config)
    if architecture.nested is None:
        return settings
    field = "tie_word_embeddings"
    said = [checkpoint.config.get(field), checkpoint.config[architecture.nested].get(field)]
    stored = "lm_head.weight" in checkpoint.tensors
    tied = True in said and False not in said if stored else any(one is not False for one in said)
    return {**settings, field: tied}
