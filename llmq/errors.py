"""Every error llmq raises on purpose.

    LlmqError
    ├── CheckpointError      a folder of safetensors: missing, cut short, hostile, inconsistent
    │   ├── WeightError      a weight that cannot be stored: NaN, infinite, beyond the scale's range
    │   └── AdapterError     a LoRA adapter that is of another kind, or does not fit its base
    ├── HubError             a model of the hub: not there, not to be had, or not what is listed
    ├── ArchitectureError    a model this version has no table for, or a tensor that does not fit it
    ├── TokenizerError       a tokenizer that is missing, unknown or inconsistent
    ├── RecipeError          an unknown recipe, type or set of rules; a pattern that matches nothing
    ├── ImportanceError      an importance matrix that is damaged, or another model's
    ├── CalibrationError     a calibration: too little text, damaged, or another model's
    ├── GgufError            a file that is not GGUF, cut short, or hostile
    ├── OutputError          an output that exists, cannot be written, or does not fit the disk
    ├── SuiteError           a suite of prompts that cannot be read
    ├── CourseError          a course, exercise or learner's record that cannot be read
    ├── EvidenceError        a report, policy or lock of the gate that cannot be used
    ├── DeviceError          a device that is not known, or too little memory
    ├── ProfileError         a profile of a tutor that is not there, or that is no profile
    ├── LessonError          what a lesson cannot do now: no problem is open, nothing was said
    ├── StoreError           the file of kept chats: damaged, another version's, not to be written
    ├── PathError            a path that names nothing, or another kind of thing than is asked for
    └── ModelError           llama.cpp could not load, read or run a model

The message of each is one line that names the thing, the number and the remedy. The command line
prints it and exits with 1; a program catches `LlmqError`.
"""


class LlmqError(Exception):
    """The base of all errors that llmq raises on purpose."""


class CheckpointError(LlmqError):
    """A checkpoint folder that is missing, cut short, hostile or inconsistent."""


class WeightError(CheckpointError):
    """A weight that cannot be stored: NaN, infinite, or beyond what the format's scale can hold."""


class AdapterError(CheckpointError):
    """A LoRA adapter of a kind that is not merged, or that does not fit its base."""


class HubError(LlmqError):
    """A model of the hub that is not there, not to be had, or not what the hub lists."""


class ArchitectureError(LlmqError):
    """A model without a table, or a tensor that does not fit its model's table."""


class TokenizerError(LlmqError):
    """A tokenizer that is missing, of unknown structure, or inconsistent."""


class RecipeError(LlmqError):
    """An unknown recipe, type or set of rules, or a pattern that matches nothing."""


class ImportanceError(LlmqError):
    """An importance matrix that is damaged, hostile, or of another model."""


class CalibrationError(LlmqError):
    """Calibration that cannot be made, read or used with this model."""


class GgufError(LlmqError):
    """A file that is not GGUF, is cut short, or contradicts itself."""


class OutputError(LlmqError):
    """An output that exists already, cannot be written, or does not fit the disk."""


class SuiteError(LlmqError):
    """A suite of prompts that cannot be read."""


class CourseError(LlmqError):
    """A course, an exercise or a learner's record that cannot be read."""


class EvidenceError(LlmqError):
    """A report, a policy or a lock of the gate that is damaged, changed, or of something else."""


class DeviceError(LlmqError):
    """A device that is not known, or an amount of memory that is none."""


class ProfileError(LlmqError):
    """A profile of a tutor that is not there, or that is no profile."""


class LessonError(LlmqError):
    """What a lesson cannot do now, such as a hint where no problem is open."""


class StoreError(LlmqError):
    """Kept chats that cannot be read or written."""


class PathError(LlmqError):
    """A path that names nothing, or another kind of thing than is asked for."""


class ModelError(LlmqError):
    """llama.cpp could not load, read or run a model."""


def one_line(text: str, limit: int = 300) -> str:
    """Untrusted text as part of a message: one short line, nothing that a terminal obeys."""
    words = " ".join(text.split())[:limit]
    return "".join(c if c.isprintable() else "?" for c in words)


def printable(text: str, limit: int = 2000) -> str:
    """`text` with what a terminal obeys escaped, and no more than `limit` characters of it.

    >>> printable("a\\x1b[31m\\nb")
    'a\\\\x1b[31m\\\\nb'
    """
    cut = text if len(text) <= limit else f"{text[:limit]} ..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
