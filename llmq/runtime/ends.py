"""Which tokens end a reply."""

from functools import cached_property

import numpy as np

from llmq.files.gguf_array import read_integers
from llmq.runtime.chat_template import ChatTemplate
from llmq.runtime.end_of_turn import end_of_turn
from llmq.runtime.special_tokens import CONTROL
from llmq.runtime.vocabulary import Vocabulary
from llmq.tokenizer.end_tokens import END_IDS


class Ends:
    """The tokens that end a reply: `token in ends`.

    They are those at which llama.cpp ends a generation, those that the file lists under
    END_IDS because llama.cpp has no key for them, and the mark with which the chat template
    itself closes an assistant's turn.
    """

    def __init__(self, vocabulary: Vocabulary, template: ChatTemplate) -> None:
        self._vocabulary = vocabulary
        self._template = template

    def __contains__(self, token: int) -> bool:
        return self._vocabulary.is_end(token) or token in self._own

    @cached_property
    def _own(self) -> frozenset[int]:
        tokens = self._vocabulary.special_tokens
        ids = {token.text: token.id for token in tokens if token.attributes & CONTROL}
        mark = end_of_turn(self._template, ids)
        listed = read_integers(self._vocabulary.path, END_IDS)
        listed = np.empty(0, np.uint32) if listed is None else listed
        return frozenset(listed.tolist()) | (frozenset() if mark is None else {ids[mark]})
