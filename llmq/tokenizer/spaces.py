"""What SentencePiece does to a text before it cuts it, and how much of that llama.cpp follows.

llama.cpp's tokenizer "llama" knows one such setting, the space in front of a text
(`add_space_prefix`); it reads neither a map of characters nor `remove_extra_whitespaces`
(llama-vocab.cpp: only its tokenizer for Unigram does). What counts is what transformers does, and
that depends on its class and on which files there are (tokenization_utils_tokenizers.py):

- LlamaTokenizer adds the space unless `add_prefix_space` is false, and nothing else;
- GemmaTokenizer adds none, and nothing else;
- any other class does what tokenizer.json says;
- or, without one, adds no space and applies the map (SpmConverter.build_tokenizer_from_spm_proto).
"""

from collections.abc import Callable, Iterable

from llmq.errors import TokenizerError, one_line
from llmq.tokenizer.class_pipelines import GEMMA, LLAMA
from llmq.tokenizer.family_rules import ADD_SPACE_PREFIX
from llmq.tokenizer.folder import TokenizerFolder
from llmq.tokenizer.pre_tokenizer import described
from llmq.tokenizer.sentencepiece_model import Normalizing, SentencePieceModel
from llmq.tokenizer.vocabulary import PIECE_SPACE, NotedKeys, Token, TokenType

REPLACE = f"Replace(pattern={{'String': ' '}}, content={PIECE_SPACE!r})"
NO_SPACE_LEFT = "LiteralSplit(' ', MergedWithPrevious)"  # after REPLACE it finds nothing to split
PREPEND = f"Prepend(prepend={PIECE_SPACE!r})"
SHOWN = 4  # words in one note


def _metaspace(scheme: str) -> str:
    return f"Metaspace(replacement={PIECE_SPACE!r}, prepend_scheme={scheme!r}, split=False)"


# (normalizer, pre-tokenizer) -> does it put a space in front of the text?
ADDS_SPACE = {
    ((PREPEND, REPLACE), ()): True,
    ((REPLACE,), ()): False,
    ((REPLACE,), (NO_SPACE_LEFT,)): False,
    ((), (_metaspace("always"),)): True,
    ((), (_metaspace("first"),)): True,
    ((), (_metaspace("never"),)): False,
}
# What llama.cpp's tokenizer does not follow, as the file calls it.
NOT_FOLLOWED: tuple[tuple[Callable[[Normalizing], bool], str], ...] = (
    (lambda n: n.maps, "the normalizer {name!r}"),
    (lambda n: n.removes_spaces, "remove_extra_whitespaces"),
    (lambda n: not n.escapes_spaces, "escape_whitespaces = false"),
    (lambda n: n.suffix, "treat_whitespace_as_suffix"),
)


def space_keys(folder: TokenizerFolder, model: SentencePieceModel | None) -> NotedKeys:
    """`add_space_prefix` where llama.cpp or the configuration would have it otherwise.

    `model` is the tokenizer.model that is read, if any. Raises `TokenizerError` for what llama.cpp
    cannot follow, and where files contradict each other.
    """
    adds = _adds_space(folder, model)
    notes = _normalizing_notes(folder, model) if model else ()
    if model and model.normalizing.adds_space and not adds and folder.add_prefix_space is None:
        notes += (
            "transformers puts no space in front of a text here, and so does this file, where"
            " SentencePiece puts one (add_dummy_prefix in tokenizer.model)",
        )
    said = not adds or folder.add_prefix_space is False
    return NotedKeys({ADD_SPACE_PREFIX: adds} if said else {}, notes)


def _adds_space(folder: TokenizerFolder, model: SentencePieceModel | None) -> bool:
    own = folder.add_prefix_space
    if folder.class_pipeline == GEMMA:
        return False
    if folder.class_pipeline != LLAMA:
        return bool(folder.tokenizer) and _pipeline_adds_space(folder)
    if own is None and model and not model.normalizing.adds_space:
        raise TokenizerError(
            f"{folder.path / 'tokenizer.model'}: puts no space in front of a text (add_dummy_prefix"
            " is false), but transformers' LlamaTokenizer does; say which is right with"
            ' "add_prefix_space": false or true in tokenizer_config.json'
        )
    return own is not False


def on_words(folder: TokenizerFolder, tokens: Iterable[Token]) -> tuple[str, ...]:
    """What to say of added words, behind which llama.cpp puts the space of a text's beginning.

    So does a tokenizer.json that adds the space as a normalizer, or always.
    """
    first = ((), (_metaspace("first"),))
    own = folder.class_pipeline == LLAMA and folder.add_prefix_space is not False
    words = [token.text for token in tokens if token.type == TokenType.USER_DEFINED]
    if not words or not (own or (folder.tokenizer and pipeline(folder) == first)):
        return ()
    shown = ", ".join(map(repr, words[:SHOWN]))
    shown += f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return (
        "llama.cpp puts a space behind each of these added words where transformers puts none, so"
        f" that texts which hold them come out a little differently: {shown}",
    )


def pipeline(folder: TokenizerFolder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The normalizer and the pre-tokenizer of tokenizer.json, step by step."""
    where = folder.path / "tokenizer.json"
    normalizer = described(folder.tokenizer, "normalizer", where)
    return normalizer, described(folder.tokenizer, "pre_tokenizer", where)


def _pipeline_adds_space(folder: TokenizerFolder) -> bool:
    """What tokenizer.json says; an unknown structure is an error that shows it."""
    normalizer, steps = pipeline(folder)
    if (normalizer, steps) not in ADDS_SPACE:
        shown = one_line(" > ".join(normalizer + steps), 200) or "none"
        raise TokenizerError(
            f"{folder.path / 'tokenizer.json'}: a SentencePiece vocabulary with the steps {shown} is nothing that llama.cpp"
            ' can do; if they do not matter, set "tokenizer_class": "LlamaTokenizer" in'
            " tokenizer_config.json, which leaves them out"
        )
    return ADDS_SPACE[normalizer, steps]


def _normalizing_notes(folder: TokenizerFolder, model: SentencePieceModel) -> tuple[str, ...]:
    """What tokenizer.model asks for and nobody does, where tokenizer.json does without it."""
    settings = model.normalizing
    asked = [text.format(name=settings.name) for asks, text in NOT_FOLLOWED if asks(settings)]
    if not asked:
        return ()
    if not folder.tokenizer:
        raise TokenizerError(
            f"{folder.path / 'tokenizer.model'}: asks for {' and '.join(asked)}, which llama.cpp"
            " does not do, so that texts would be cut differently; if the model was trained with"
            " transformers' LlamaTokenizer, which leaves it out, add the tokenizer.json that its"
            " save_pretrained writes"
        )
    return (
        f"tokenizer.model asks for {' and '.join(asked)}; tokenizer.json, which transformers reads,"
        " does without, and so does this file",
    )
