"""The chat template: every place where Hugging Face keeps one, and GGUF's keys for it.

In transformers (tokenization_utils_base.py, _from_pretrained) files win over tokenizer_config.json:
chat_template.jinja and additional_chat_templates/NAME.jinja, then `chat_template` in
tokenizer_config.json, which is a text or a list of named texts. Last comes the older
chat_template.json of multimodal models.
"""

from pathlib import Path
from string import ascii_letters, digits

from llmq.errors import TokenizerError
from llmq.files.gguf import Metadata
from llmq.tokenizer.folder import TokenizerFolder, optional_json
from llmq.tokenizer.json_values import as_object, as_text
from llmq.tokenizer.tekken import TEKKEN

MAX_TEMPLATE_BYTES = 1 << 22
DEFAULT = "default"


def chat_template_metadata(folder: TokenizerFolder) -> Metadata:
    """The keys in gguf-py's order: named templates, their names, the default one."""
    templates = read_templates(folder)
    safe = ascii_letters + digits
    named = {
        "".join(letter if letter in safe else "_" for letter in name): text
        for name, text in templates.items()
        if text and name and name != DEFAULT
    }
    keys: Metadata = {f"tokenizer.chat_template.{name}": text for name, text in named.items()}
    if named:
        keys["tokenizer.chat_templates"] = list(named)
    if templates.get(DEFAULT):
        keys["tokenizer.chat_template"] = templates[DEFAULT]
    if any("\0" in text for text in templates.values()):
        raise TokenizerError(
            f"{folder.path}: a chat template holds the character U+0000, at which llama.cpp cuts"
            " it; write it as '\\u0000' in a text of the template, or leave it out"
        )
    return keys


def template_notes(folder: TokenizerFolder, keys: Metadata) -> tuple[str, ...]:
    """Which template is used where there are several, or that Mistral's own format has none."""
    named: list[str] = keys.get("tokenizer.chat_templates", [])  # type: ignore[assignment]  # texts
    names, default = ", ".join(named), "tokenizer.chat_template" in keys
    if named and default:
        return (f"llmq chat and llama.cpp use the default chat template; beside it stand {names}",)
    if named:
        return (f"of the chat templates ({names}) none is the default one, so llmq chat uses none",)
    if default or folder.file != TEKKEN:
        return ()
    return (
        f"{folder.path / TEKKEN} holds no chat template, so llmq chat uses none; put the published"
        " model's chat_template.jinja beside it",
    )


def read_templates(folder: TokenizerFolder) -> dict[str, str]:
    """Name -> Jinja text, from the first place that has any."""
    files = _template_files(folder.path)
    if files:
        return {name: _read_text(path) for name, path in files.items()}
    where = folder.where("tokenizer_config.json", "chat_template")
    in_config = _templates_in(folder.tokenizer_config.get("chat_template"), where)
    if in_config:
        return in_config
    file = folder.path / "chat_template.json"
    return _templates_in(optional_json(file).get("chat_template"), f"{file}: chat_template")


def _template_files(path: Path) -> dict[str, Path]:
    default = path / "chat_template.jinja"
    files = {DEFAULT: default} if default.is_file() else {}
    extra = sorted((path / "additional_chat_templates").glob("*.jinja"))
    return files | {file.stem: file for file in extra if file.is_file()}


def _templates_in(value: object, where: str) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, str):
        return {DEFAULT: as_text(value, where)}
    if isinstance(value, list):
        entries = [as_object(entry, where) for entry in value]
        return {
            as_text(entry.get("name"), f"{where}[].name"): as_text(
                entry.get("template"), f"{where}[].template"
            )
            for entry in entries
        }
    named = as_object(value, where)
    return {as_text(name, where): as_text(text, f"{where}.{name}") for name, text in named.items()}


def _read_text(path: Path) -> str:
    """A template as it stands, except that a line ends with one character, as in transformers."""
    try:
        if path.stat().st_size > MAX_TEMPLATE_BYTES:
            raise TokenizerError(f"{path}: a chat template of more than {MAX_TEMPLATE_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TokenizerError(f"{path}: the chat template is not UTF-8") from None
    except OSError as reason:
        raise TokenizerError(f"{path}: cannot be read ({reason.strerror})") from None
