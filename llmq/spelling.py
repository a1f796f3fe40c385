"""Words: which of the known names a misspelled one may stand for; one thing or many."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], *, n: int = 3, cutoff: float = 0.6) -> list[str]:
    """At most `n` of `known` whose similarity to `word` is at least `cutoff`, the nearest first.

    The similarity, 0 to 1, is 2 x matching characters / all characters (difflib's ratio).

    >>> nearest("Q4_KM", ["Q4_0", "Q4_K_S", "Q4_K_M"])
    ['Q4_K_M', 'Q4_K_S', 'Q4_0']
    """
    return difflib.get_close_matches(word, list(known), n=n, cutoff=cutoff)


def did_you_mean(
    word: str,
    known: Iterable[str],
    *,
    found: str = "did you mean {}?",
    otherwise: str = "",
    n: int = 1,
    cutoff: float = 0.6,
) -> str:
    """The hint for an error: `found` with the `nearest` in its braces, or `otherwise`.

    >>> did_you_mean("asistant", ("system", "user", "assistant"), found="; is it {!r}?")
    "; is it 'assistant'?"
    >>> did_you_mean("qwen", ("qwen2", "qwen35", "llama"), n=3)
    'did you mean qwen2 or qwen35?'
    >>> did_you_mean("/sing", ("/help", "/quit"), otherwise="/help shows the commands")
    '/help shows the commands'
    """
    near = nearest(word, known, n=n, cutoff=cutoff)
    return found.format(" or ".join(near)) if near else otherwise


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """`n` things.

    >>> counted(1, "dialogue"), counted(80, "dialogue"), counted(2, "reply", "replies")
    ('1 dialogue', '80 dialogues', '2 replies')
    """
    return f"{n} {noun if n == 1 else plural or f'{noun}s'}"
