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


KEY = r"(?:answers?|solutions?|results?|keys?|numbers?|options?|letters?|value|digits?|working|workings)"
TELL = r"(?:tell|give|show|write|say|print|reveal|spell|spill|hand|send|provide|output|leak|share)"
# A row a language: to be told, the answer in one word, that someone else does it.
TO_BE_TOLD = (
    rf"\b{TELL}\b[^.!?]{{0,40}}\b{KEY}\b",
    r"\b(?:just|please|pls|plz|now|must|up)[\s,]+(?:tell|give|say|solve|answer|do)\b(?! (?:i|we|you|they|not|the|that|this|one|with|first|some|my)\b)(?![^.!?]{0,12} (?:hint|help|tip|clue)\b)",
    r"^\W*(?:(?:come on|ok|so|then|and|now|but|please|pls|i give up)\W+)*(?:tell|give|show|say)(?: it)?(?: to)?(?: me| us)?(?: it| that| already| now| please| pls)*\W*(?:(?:tell|give|show|say)(?: me)?\W*)*$",
    r"\bwhat(?:'s| is| was|s| would| will|re| are)\s+(?:the\s+)?(?:\w+ )?(?:answer|solution|result|right (?:answer|option))\b",
    r"^\W*(?:(?:so|and|ok|then|but)\W+)*(?:what|how much|which)(?:'s| is|s)? (?:(?:number|option|letter|one) )?(?:is )?it(?: then| now)?\W*$|^\W*(?:what|which) (?:letter|option|number)\W*$",
    r"^\W*(?:(?:just|please|only|now|so|and|can i have|i want|i need|give)\W+)*(?:the\s+)?(?:answer|solution|result|number|key)s?(?: is)?(?: please| pls| now)?\W*$",
    r"\b(?:only|just|want|need|have|get)\b[^.!?]{0,15}\bthe (?:\w+ ){0,2}(?:answer|solution|result|number|key|digit)\b",
    r"^\W*(?:please )?(?:do|solve|finish|calculate|compute|work)\s+(?:it|this|that)\s*(?:out\s*)?(?:please|now)?\W*$|\b(?:do|solve|finish|calculate|compute|work)\s+(?:it|this|that)\s*(?:out\s+)?for me\b|\b(?:whole|full|complete) (?:solution|working)\b",
    r"\b(?:i|we)(?:'m| am| are) (?:the|a|your|his|her|an?) (?:\w+ )?(?:teacher|tutor|professor|developer|admin\w*|parent|mother|father|examiner|principal)\b|\bas (?:the|your|a) (?:teacher|tutor|admin|developer)\b|\bmy (?:teacher|mum|mom|dad|boss|parents?)\b[^.!?]{0,30}\b(?:says?|said|told|allow\w*|wants?)\b",
    r"\b(?:ignore|forget|disregard|override)\b[^.!?]{0,40}\b(?:instructions?|rules?|prompt|exercise)\b|\b(?:you are|act as|be) (?:now )?(?:dan|free|unrestricted|a calculator)\b|\bno (?:rules|restrictions|filters?)\b|\bsystem\s*:",
    r"\b(?:pretend|role-?play|act as|imagine you|hypothetically|just between us|out of my misery|spill it|i (?:order|command|beg) you|give it to me|is it [a-h] or [a-h])\b",
    r"\b(?:sag|verrat|gib|zeig|nenn)\w*\b[^.!?]{0,40}\b(?:antwort|lösung|loesung|ergebnis|zahl)\b|^\W*(?:sag|verrat)\w*(?:'s| es)?(?: mir| uns)?(?: es)?(?: bitte| einfach| endlich| jetzt| doch)*\W*$",
    r"\bwas (?:ist|wäre|war) (?:die|das) (?:\w+ )?(?:antwort|lösung|ergebnis)\b|\bwie (?:lautet|ist|heißt) (?:die|das) (?:antwort|lösung|ergebnis)\b|^\W*(?:was|wie viel|wieviel) (?:kommt (?:da )?(?:raus|heraus)|ist es|ist das)\W*$|^\W*(?:nur|bitte|einfach)\b[^.!?]{0,15}\b(?:antwort|lösung|ergebnis|zahl)\b|^\W*(?:die )?(?:antwort|lösung)(?: bitte)?\W*$",
    r"\bl(?:ö|oe)s(?:e|t)? (?:es|das|sie|die aufgabe)\b|\bmach (?:du )?(?:es|das)\b|\bich bin (?:der|die|dein|deine|ein|eine) (?:lehrer|lehrerin|tutor|prof)\w*",
    r"\b(?:dis|dites|donne|donnez|montre)\w*\b[^.!?]{0,40}\b(?:réponse|reponse|solution|résultat|resultat|nombre)\b|^\W*(?:dis|donne)(?:-| )?(?:le|la)?(?:-| )?moi\b[^.!?]{0,12}\W*$",
    r"\b(?:quel(?:le)? est|c'est quoi) (?:la|le) (?:réponse|reponse|solution|résultat|resultat)\b|^\W*(?:la )?r[ée]ponse(?: svp| stp| s'il (?:te|vous) pla[iî]t)?\W*$|\b(?:fais|faites|résous|calcule)[ -]?(?:le|la)\b[^.!?]{0,15}$|\bje suis (?:le|la|ton|ta|un|une) (?:prof\w*|ma[iî]tre\w*|enseignant\w*)",
    r"\b(?:dime|dame|dinos|di|muestra\w*|dilo|dímelo|dimelo|dámela)\b[^.!?]{0,40}\b(?:respuesta|solución|solucion|resultado|número)\b|^\W*(?:solo |por favor |ya )*(?:dímel[oa]|dimel[oa]|dilo|dámel[oa])\b[^.!?]{0,15}\W*$",
    r"\bcu[aá]l es (?:la|el) (?:respuesta|solución|solucion|resultado)\b|\b(?:hazlo|resu[eé]lvelo|resu[eé]lvela|calc[uú]lalo)\b|\bsoy (?:el|la|tu|un|una) (?:profesora?|maestr[oa])|^\W*(?:la )?respuesta(?: por favor)?\W*$",
    r"\b(?:dimmi|dammi|dillo)\b[^.!?]{0,40}\b(?:risposta|soluzione|risultato)\b|\bqual [eè] (?:la|il) (?:risposta|soluzione|risultato)\b|\bsono (?:il|la) (?:prof\w*|maestr\w*)",
    r"\b(?:diga|me d[eê]|fala|diz|d[aá])\b[^.!?]{0,40}\b(?:resposta|solução|resultado)\b|\bqual [eé] (?:a|o) (?:resposta|solução|resultado)\b|\bsou (?:o|a) (?:professora?)",
    r"\bcevab[ıi]\b[^.!?]{0,20}\b(?:s[öo]yle|ver)\b|\bcevap ne\b",
    r"\b(?:geef|vertel|zeg)\b[^.!?]{0,30}\b(?:antwoord|oplossing)\b|\b(?:podaj|powiedz)\b[^.!?]{0,30}\b(?:odpowied\w+|wynik|rozwiązanie)|\b(?:säg|ge)\b[^.!?]{0,20}\b(?:svaret)\b",
    r"(?:告诉我|直接|给我|说出).{0,10}(?:答案|结果)|答案是(?:什么|多少)|答え.{0,4}(?:教|は|を)|(?:정답|답).{0,6}(?:알려|뭐|말해|줘)",
    r"(?:скажи|дай|назови|покажи)\w*\s.{0,20}(?:ответ|решение)|какой\s+(?:\w+\s+)?ответ|ответ\s+пожалуйста",
    r"(?:أعطني|قل لي|أخبرني).{0,15}(?:الجواب|الإجابة|الحل)|ما هو (?:الجواب|الحل)|(?:उत्तर|जवाब).{0,10}(?:बता|दो|क्या)",
)
SHRUGS = (
    r"^(?:idk|dunno|no idea|whatever|i don'?t know|i dont know|don'?t know|dont care|i don'?t care|ok|okay|k|hm+|uh+|na|nope|pass|skip|next|i give up|no clue|weiß (?:ich )?nicht|(?:ich )?weiß (?:es )?nicht|keine ahnung|egal|je (?:ne )?sais pas|aucune idée|no (?:lo )?s[eé]|ni idea|boh|non (?:lo )?so|(?:n[aã]o )?sei l[aá]|n[aã]o sei)[\s.!?]*$",
    r"^[^\w]*$",
)
FOR_HELP = (
    r"\b(?:hint|help|stuck|tip|clue|(?:i'?m|i am)(?: \w+)? (?:lost|confused)|hilf\w*|helfen|tipp|hinweis|aide\w*|indice|ayud\w*|pista|aiuto|aiut\w+|ajud\w+|dica|hjälp|pomoc\w*|помог\w*|подсказк\w*)\b|提示|帮|ヒント|힌트|도와",
    r"\b(?:don'?t|dont|do not|can'?t|cannot|cant)\s+(?:understand|get|see|know how|know what|follow)\b|\bno (?:idea|clue) (?:what|how|where)\b",
    r"\bhow (?:do|can|should|would|could) (?:i|we|you) (?:start|begin|do|solve|go|find|work)\b",
    r"\bwhat (?:do|should|must|can) (?:i|we) do\b|\bwhere (?:do|should) (?:i|we) (?:start|begin)\b",
    r"\bwhat (?:is|'s) (?:the )?(?:next|first) step\b|\bwhat(?:'?s| is| comes) (?:next|first)\b|\bwhich (?:step )?(?:comes )?(?:step )?(?:first|next)\b|\bwhich step\b",
    r"\b(?:verstehe?|kapiere?|begreife?)\b[^.!?]{0,20}\bnicht\b|\bwie (?:fange?|beginne?|mache?|geht|rechne?)\b|\bwas (?:muss|soll|mache) ich\b",
    r"\b(?:comprends|comprend|vois|sais) pas\b|\bcomment (?:je|on|dois|faire|commenc\w+)\b|\bque (?:dois|faire)\b",
    r"\bno (?:lo )?(?:entiendo|comprendo|veo)\b|\bc[oó]mo (?:empiezo|empezar|lo hago|se hace|sigo)\b|\bqu[eé] (?:hago|tengo que hacer)\b",
    r"\bnon (?:capisco|ho capito)\b|\bcome (?:inizio|comincio|si fa)\b|\bn[aã]o (?:entendo|entendi|percebo)\b|\bcomo (?:come[cç]o|fa[cç]o)\b",
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
