"""Byte tokens for a SentencePiece vocabulary that has none.

llama.cpp writes a character that is no token as the tokens of its bytes, `<0xE2>` and so on, and
aborts the whole process where one of them is missing (llama_vocab::byte_to_token); a byte that is a
token by itself, as an ASCII letter may be, will do. Such a vocabulary was trained without byte
fallback. Rows of the embedding that no token has can stand for bytes: the model has never seen
them, as it has never seen the character.
"""

from collections.abc import Mapping

from llmq.errors import TokenizerError
from llmq.tokenizer.vocabulary import Token, TokenType

BYTE_TOKENS = {f"<0x{byte:02X}>": byte for byte in range(256)}
NEVER_IN_UTF8 = frozenset({0xC0, 0xC1, *range(0xF5, 0x100)})


def missing_bytes(tokens: Mapping[int, Token]) -> list[str]:
    """The byte tokens that a text in UTF-8 may need and that the vocabulary lacks."""
    texts = {token.text for token in tokens.values()}
    return [
        text
        for text, byte in BYTE_TOKENS.items()
        if text not in texts
        and byte not in NEVER_IN_UTF8
        and not (byte < 128 and chr(byte) in texts)
    ]


def with_byte_tokens(
    tokens: Mapping[int, Token], size: int, *, where: str
) -> tuple[dict[int, Token], tuple[str, ...]]:
    """`tokens` with byte tokens in unused rows, and what to say of it."""
    missing = missing_bytes(tokens)
    if not missing:
        return dict(tokens), ()
    unused = [number for number in range(size) if number not in tokens]
    if len(unused) < len(missing):
        raise TokenizerError(
            f"{where}: lacks {len(missing)} byte tokens (<0x00> and so on), without which llama.cpp"
            f" aborts at a character that is no token, and has {len(unused)} unused rows for them;"
            f" give it rows with model.resize_token_embeddings({size + len(missing) - len(unused)})"
        )
    # A resized embedding is longer at its end, so the last rows are the least used.
    rows = unused[len(unused) - len(missing) :]
    given = {
        number: Token(text, TokenType.BYTE) for number, text in zip(rows, missing, strict=True)
    }
    note = (
        f"this vocabulary has no byte tokens, so {len(missing)} unused rows stand for them: a"
        " character that is no token comes out as bytes that the model has never seen, where"
        " transformers has one unknown token or nothing"
    )
    return {**tokens, **given}, (note,)
