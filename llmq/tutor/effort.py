"""What a turn asks for, where it is no answer: recognised in code, before any model hears of it.

A table of patterns a language. What none of them knows counts as a question beside the exercise.
"""

import re
from enum import StrEnum


class Asks(StrEnum):
    """What a turn asks for."""

    ANSWER = "answer"  # to be told: no effort
    NOTHING = "nothing"  # empty, a shrug
    HELP = "help"  # a hint
    HELLO = "hello"
    THANKS = "thanks"
    TALK = "talk"  # anything else


TO_BE_TOLD = (
    r"\b(?:tell|give|show|write|say|print|reveal|spell)\b[^.!?]{0,40}\b(?:answer|solution|result|key|number|option|letter)\b",
    r"\b(?:just|please|pls|plz)\s+(?:tell|give|say|solve|answer|do)\b",
    r"\bwhat(?:'s| is| was|s)\s+(?:the\s+)?(?:answer|solution|result|right (?:answer|option))\b",
    r"\b(?:do|solve|finish|calculate|compute|work)\s+(?:it|this|that)\s*(?:out\s+)?for me\b",
    r"\bi(?:'m| am) (?:the|a|your) (?:teacher|tutor|professor|developer|admin|parent)\b",
    r"\b(?:ignore|forget|disregard)\b[^.!?]{0,40}\b(?:instructions?|rules?|prompt)\b",
    r"\b(?:pretend|role-?play|act as|imagine you)\b",
    r"\b(?:sag|verrat|gib)\w*\b[^.!?]{0,40}\b(?:antwort|lösung|ergebnis)\b",
    r"\bwas ist die (?:antwort|lösung)\b",
    r"\b(?:dis|donne)\w*\b[^.!?]{0,40}\b(?:réponse|reponse|solution|résultat)\b",
    r"\bquelle est la (?:réponse|reponse|solution)\b",
    r"\b(?:dime|dame|dinos|di)\b[^.!?]{0,40}\b(?:respuesta|solución|solucion|resultado)\b",
    r"\bcu[aá]l es la (?:respuesta|solución|solucion)\b",
    r"\b(?:dimmi|dammi)\b[^.!?]{0,40}\b(?:risposta|soluzione|risultato)\b",
    r"\b(?:diga|me d[eê]|fala)\b[^.!?]{0,40}\b(?:resposta|solução|resultado)\b",
    r"\bcevab[ıi]\b[^.!?]{0,20}\b(?:s[öo]yle|ver)\b",
    r"(?:告诉我|直接).{0,10}(?:答案|结果)|答案是什么",
    r"(?:скажи|дай)\w*\s.{0,20}(?:ответ|решение)",
    r"(?:أعطني|قل لي|أخبرني).{0,15}(?:الجواب|الإجابة|الحل)",
)
SHRUGS = (
    r"^(?:idk|dunno|no idea|whatever|i don'?t know|i dont know|don'?t know|dont care|i don'?t care|ok|okay|k|hm+|uh+|na|nope|pass|skip|next|weiß nicht|keine ahnung|je sais pas|no s[eé]|boh|sei l[aá])[\s.!?]*$",
    r"^[^\w]*$",
)
FOR_HELP = (
    r"\b(?:hint|help|stuck|tip|clue|hilfe|tipp|aide|indice|ayuda|pista|aiuto|ajuda)\b",
    r"\b(?:don'?t|dont|do not|can'?t|cannot)\s+(?:understand|get|see|know how|know what|follow)\b",
    r"\bhow (?:do|can|should|would) (?:i|we|you) (?:start|begin|do|solve|go|find|work)\b",
    r"\bwhat (?:do|should|must|can) i do\b|\bwhere (?:do|should) i (?:start|begin)\b",
    r"\bwhat (?:is|'s) (?:the )?(?:next|first) step\b|\bwhat(?:'s| is| comes) next\b",
)
HELLOS = (
    r"^(?:hi|hello|hey|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen)|bonjour|salut|hola|ciao|ol[aá])(?:\s+(?:there|tutor|again))?[\s.!]*$",
)
THANKS = (
    r"^(?:ok(?:ay)?,?\s+|great,?\s+)?(?:thank you|thanks|thx|cheers|danke|merci|gracias|grazie|obrigad[oa])(?:\s+(?:so much|a lot|very much|you))?(?:,?\s+bye)?[\s.!]*$",
)
TABLE = (
    (Asks.HELLO, HELLOS), (Asks.THANKS, THANKS), (Asks.ANSWER, TO_BE_TOLD), (Asks.NOTHING, SHRUGS), (Asks.HELP, FOR_HELP),
)  # fmt: skip
PATTERNS = tuple((asks, re.compile("|".join(patterns), re.IGNORECASE)) for asks, patterns in TABLE)
MOST_CHARACTERS = 2000


def asks_for(text: str) -> Asks:
    """What `text` asks for.

    >>> [asks_for(t).value for t in ("Just tell me!", "idk", "I'm stuck", "What is a numerator?")]
    ['answer', 'nothing', 'help', 'talk']
    """
    text = " ".join(text[:MOST_CHARACTERS].replace("\u2019", "'").split())
    return next((asks for asks, pattern in PATTERNS if pattern.search(text)), Asks.TALK)
