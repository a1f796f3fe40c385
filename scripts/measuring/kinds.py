"""The files to compare, by how they are made: llama-quantize's, and ours with what it takes."""

from dataclasses import dataclass

PEER = "imatrix"  # the kind that ours are compared with


@dataclass(frozen=True)
class Kind:
    """A way of making a file: llama-quantize's, or `llmq convert` with some `options`.

    Of the options, CALIBRATION stands for the calibration's path.
    """

    title: str
    calibrated: bool
    options: tuple[str, ...] | None = None


CALIBRATION = "CALIBRATION"
KINDS = {
    "plain": Kind("llama-quantize", calibrated=False),
    PEER: Kind("llama-quantize, imatrix", calibrated=True),
    "fast": Kind("llmq fast", calibrated=False, options=("--quiet",)),
    "good": Kind("llmq good", calibrated=True, options=("--quiet", "--imatrix", CALIBRATION)),
    "best": Kind(
        "llmq best",
        calibrated=True,
        options=("--quality", "best", "--calibration", CALIBRATION),
    ),
}
