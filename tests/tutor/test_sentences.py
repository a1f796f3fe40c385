"""A text cut into sentences: the same wherever it was cut before."""

from random import Random

from llmq.tutor.sentences import MOST_CHARACTERS, Sentences

TEXT = (
    "Let's see, e.g. 3.5 is more. What is $x + 2. y$ here? It costs $5. And $6!\n"
    "1. First step: add.\n```\nprint(1. )\n```\nDone. Mr. Fox said 'no.' \\(a. b\\) is it. "
) + "word " * 200


def cut(*pieces: str) -> list[str]:
    sentences = Sentences()
    return [s for piece in pieces for s in sentences.feed(piece)] + list(sentences.finish())


def test_where_sentences_end() -> None:
    assert [s.strip() for s in cut(TEXT)][:6] == [
        "Let's see, e.g. 3.5 is more.",
        "What is $x + 2. y$ here?",
        "It costs $5.",
        "And $6!",
        "1. First step:",
        "add.",
    ]
    assert max(map(len, cut(TEXT))) <= MOST_CHARACTERS


def test_pieces_mean_nothing_and_nothing_is_lost() -> None:
    rng = Random(1)
    for _ in range(200):
        places = sorted(rng.sample(range(len(TEXT)), 9))
        bounds = zip([0, *places], [*places, len(TEXT)], strict=True)
        pieces = [TEXT[a:b] for a, b in bounds]
        assert cut(*pieces) == cut(TEXT)
    assert "".join(cut(TEXT)) == TEXT
