"""What a model says of itself beside its weights: decoration, of whatever kind it is."""

from tests.field.bases import LLAMA, METASPACE, PIECE_LLAMA, QWEN2, QWEN3
from tests.field.case import Case, Converts
from tests.field.folder import Step, config, file, generation


def card(front_matter: str) -> Step:
    """README.md with this in front."""
    return file("README.md", f"---\n{front_matter}\n---\n# A tutor\n")


CARD, GENERATION = Converts(("README.md",)), Converts(("generation_config.json",))
CASES = (
    Case("card: odd front matter", LLAMA, (card("license: ["),), CARD),
    Case("card: front matter that is a list", LLAMA, (card("- 1\n- {a: b}"),)),
    Case("card: a Python object", LLAMA, (card("a: !!python/object:x {}"),), CARD),
    Case("card: no text", LLAMA, (file("README.md", b"---\n\xff\xfe: 1\n---\n"),), CARD),
    Case("card: a name of parts", QWEN2, (card("name: {de: Lehrer, en: Tutor}"),), CARD),
    Case("card: a licence in numbers", QWEN3, (card("license: [1, 2]"),), CARD),
    Case("card: a base of any kind", LLAMA, (card("base_model: [{name: {a: 1}}]"),), CARD),
    Case("card: tags of parts", METASPACE, (card("tags: [{a: b}, 7]\nlicense: mit"),), CARD),
    Case("card: lists in lists", LLAMA, (card("[" * 5000),), CARD),
    Case("card: half a character", QWEN2, (card('name: "\\ud800"'),), CARD),
    Case("card: a switch as a name", PIECE_LLAMA, (card("name: yes"),), CARD),
    Case("card: too long", LLAMA, (file("README.md", b" " * ((1 << 24) + 1)),), CARD),
    Case("card: a pointer", LLAMA, (file("README.md", "version https://git-lfs.github.com"),)),
    Case(
        "card: a number for a name in config.json",
        LLAMA,
        (config(_name_or_path=7),),
        Converts(("config.json: _name_or_path",)),
    ),
    Case("sampling: a text", QWEN2, (generation(temperature="hot"),), GENERATION),
    Case("sampling: a list", LLAMA, (generation(top_k=[40], top_p=0.9),), GENERATION),
    Case("sampling: beyond all numbers", LLAMA, (generation(top_k=10**40),), GENERATION),
    Case("sampling: not a number", QWEN3, (generation(temperature=float("nan")),), GENERATION),
    Case(
        "sampling: a list for all",
        QWEN2,
        (file("generation_config.json", "[]"),),
        Converts(GENERATION.notes, as_before=True),
    ),
    Case(
        "sampling: no JSON", LLAMA, (file("generation_config.json", "{temperature}"),), GENERATION
    ),
    Case("sampling: nothing", LLAMA, (file("generation_config.json", b""),), GENERATION),
    Case(
        "sampling: no text",
        LLAMA,
        (file("generation_config.json", b"\xff\xfe{}"),),
        GENERATION,
    ),
)
