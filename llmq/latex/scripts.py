"""Characters that stand above or below the line."""

_RAISED = str.maketrans(
    "0123456789+-=()abcdefghijklmnoprstuvwxyzT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ"
)
_LOWERED = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")


def raised(text: str) -> str | None:
    """`text` above the line; None where a character of it has no such form.

    >>> raised("n+1"), raised("1/2")
    ('ⁿ⁺¹', None)
    """
    return _moved(text, _RAISED)


def lowered(text: str) -> str | None:
    """`text` below the line; None where a character of it has no such form.

    >>> lowered("12"), lowered("b")
    ('₁₂', None)
    """
    return _moved(text, _LOWERED)


def _moved(text: str, table: dict[int, int]) -> str | None:
    return text.translate(table) if all(ord(c) in table for c in text) else None
