"""A whole conversion in one call: open the source, plan, do what the quality asks for, execute."""

from pathlib import Path

from llmq import defaults
from llmq.errors import OutputError, RecipeError
from llmq.files.imatrix import read_importance
from llmq.importance import Importance
from llmq.preparation import Order, begin, prepared
from llmq.quality import quality_named
from llmq.quantize import execute
from llmq.sources.opening import Adapters, fetched, open_source
from llmq_kernels import Encoder


def convert(
    source: str | Path,
    output: str | Path,
    *,
    recipe: str | None = None,
    quality: str = defaults.QUALITY,
    calibration: str | Path | None = None,
    importance: Importance | str | Path | None = None,
    encoder: Encoder | None = None,
    adapters: Adapters | None = None,
    force: bool = False,
    load_check: bool = True,
) -> Path:
    """Write a model folder or a GGUF file as a GGUF file of this recipe; the path of the output.

    `source` may be a model of the hub as well (`org/name[@revision]`), which is fetched; `adapters`
    are folders of LoRA adapters to merge in, and what each is multiplied with. `quality` is fast,
    good or best; the latter two compute on `calibration` first, which is a file of `llmq
    calibrate`, a suite or a text (default: the built-in suites). `importance` weighs the errors of
    the matrices' columns instead (a file, or what `read_importance` makes of it). `encoder` chooses
    the codes, `force` overwrites the output, `load_check` has llama.cpp try the file. Nothing is
    left under its name if anything fails; what good and best have finished by then waits in a
    hidden folder beside it, and the same call goes on from there. Raises a child of `LlmqError`.

        >>> import tempfile
        >>> from llmq import convert
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     convert("eval/tutor", f"{folder}/tutor.gguf", recipe="Q4_0").name
        'tutor.gguf'
    """
    _check(quality, calibration, importance, encoder)
    output = Path(output)
    try:
        if isinstance(importance, str | Path):
            importance = read_importance(importance)
        given: Adapters = {fetched(path): scale for path, scale in (adapters or {}).items()}
        order = Order(
            open_source(fetched(source), adapters=given),
            recipe=recipe,
            quality=quality,
            encoder=encoder,
            importance=importance,
            calibration=None if calibration is None else Path(calibration),
        )
        work = begin(order)
        work.check_output(output, force=force)
        with prepared(work, output) as plan:
            return execute(plan, output, force=force, load_check=load_check)
    except OSError as error:  # what no other place knows by name, such as a name that is too long
        raise OutputError(f"{error.filename or output}: {error.strerror}") from error


def _check(
    quality: str, calibration: object | None, importance: object | None, encoder: Encoder | None
) -> None:
    """Raise `RecipeError` where these do not go together."""
    dial = quality_named(quality)
    wrong = {
        "calibration: goes with the qualities good and best": calibration and not dial.importance,
        "calibration and importance: leave one out": calibration and importance,
        "importance: not with the quality best, which takes calibration": importance
        and dial.refine,
        "encoder: not with the quality best, which chooses the codes itself": encoder
        and dial.refine,
    }
    for message, is_so in wrong.items():
        if is_so:
            raise RecipeError(message)
