"""Values out of JSON that strangers wrote: of the expected kind, or one clear error."""

from typing import Any

from llmq.errors import TokenizerError

MAX_TOKENS = 1 << 22  # far above any real vocabulary (262144), far below what fills a memory


def as_object(value: object, where: str) -> dict[str, Any]:
    """`value` as a JSON object; `where` names the file and the place in it."""
    if not isinstance(value, dict):
        raise TokenizerError(f"{where} is {_kind(value)} instead of an object")
    return value


def as_list(value: object, where: str) -> list[Any]:
    """`value` as a JSON list."""
    if not isinstance(value, list):
        raise TokenizerError(f"{where} is {_kind(value)} instead of a list")
    return value


def as_text(value: object, where: str) -> str:
    """`value` as a text that UTF-8 can hold (JSON can spell half a surrogate pair)."""
    if not isinstance(value, str):
        raise TokenizerError(f"{where} is {_kind(value)} instead of a text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise TokenizerError(
            f"{where} holds half a surrogate pair, not storable in UTF-8"
        ) from None
    return value


def as_token_id(value: object, where: str) -> int:
    """`value` as a token id, from 0 to `MAX_TOKENS` - 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TokenizerError(f"{where} is {_kind(value)} instead of a token id")
    if not 0 <= value < MAX_TOKENS:
        raise TokenizerError(f"{where} is {value}, not a token id from 0 to {MAX_TOKENS - 1}")
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "null" if value is None else "a number")
