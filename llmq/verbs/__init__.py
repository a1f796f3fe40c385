"""The verbs of the command line: one table; each is a file here, imported when it is used."""

from typing import NamedTuple


class Verb(NamedTuple):
    """A verb: its name, one line of help, and the module with `add_arguments` and `run`.

    `error_code` is what it ends with where something could not be done.
    """

    name: str
    help: str
    module: str
    error_code: int = 1


OPERATIONAL = 2  # of the gate, whose 1 is a verdict


VERBS = (
    Verb("recipes", "which file for which device: sizes, memory, closeness", "llmq.verbs.recipes"),
    Verb("calibrate", "learn what of a model matters on your own text", "llmq.verbs.calibrate"),
    Verb("convert", "turn a model into a quantized GGUF file", "llmq.verbs.convert"),
    Verb("inspect", "show what a GGUF file or a checkpoint folder holds", "llmq.verbs.inspect"),
    Verb("metadata", "show and change what a GGUF file says of itself", "llmq.verbs.metadata"),
    Verb("drift", "measure how far a quantized model moved from its base", "llmq.verbs.drift"),
    Verb("gate", "judge whether a quantized file may be used", "llmq.verbs.gate", OPERATIONAL),
    Verb("lock", "accept a file, to hold later ones against it", "llmq.verbs.lock"),
    Verb("bench", "measure how fast files run here, and what memory they take", "llmq.verbs.bench"),
    Verb("chat", "talk to a tutor, offline", "llmq.verbs.chat"),
    Verb("modelfile", "take a file to Ollama", "llmq.verbs.modelfile"),
    Verb("architectures", "which families of models convert", "llmq.verbs.architectures"),
    Verb("completion", "let the shell complete what you type", "llmq.verbs.completion"),
)
