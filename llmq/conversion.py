"""A whole conversion in one call: open the source, plan, execute."""

from pathlib import Path

from llmq import defaults
from llmq.errors import OutputError
from llmq.files.imatrix import read_importance
from llmq.importance import Importance
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq_kernels import Encoder


def convert(
    source: str | Path,
    output: str | Path,
    *,
    recipe: str = defaults.RECIPE,
    importance: Importance | str | Path | None = None,
    encoder: Encoder = defaults.ENCODER,
    force: bool = False,
    load_check: bool = True,
) -> Path:
    """Write a model folder or a GGUF file as a GGUF file of this recipe; the path of the output.

    `importance` weighs the errors of the matrices' columns (an importance matrix's file, or what
    `read_importance` makes of it), `encoder` chooses the codes, `force` overwrites the output,
    `load_check` has llama.cpp try the file. Nothing is left under its name if anything fails.
    Whatever else can be chosen, `open_source`, `make_plan` and `execute` take: this is the three of
    them. Raises a child of `LlmqError`.

        >>> import tempfile
        >>> from llmq import convert
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     convert("eval/tutor", f"{folder}/tutor.gguf", recipe="Q4_0").name
        'tutor.gguf'
    """
    try:
        if isinstance(importance, str | Path):
            importance = read_importance(importance)
        plan = make_plan(open_source(source), recipe=recipe, importance=importance, encoder=encoder)
        return execute(plan, output, force=force, load_check=load_check)
    except OSError as error:  # what no other place knows by name, such as a name that is too long
        raise OutputError(f"{error.filename or output}: {error.strerror}") from error
