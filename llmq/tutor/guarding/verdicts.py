"""Verdicts, which are the verifier's to speak: right, wrong, too high, warmer, the one."""

import re

from llmq.tutor.guarding.triggers import Row, matches

GOOD = r"correct|right|incorrect|wrong|exact|accurate|perfect|true|false|fine|spot[ -]on|good|okay|ok|off|close|near|unfortunately|not"
MORE = r"bigger|greater|larger|higher|lower|smaller|less|fewer|more|warmer|colder|hotter|cooler|closer|further|up|down"
FEW = r"(?:(?:a (?:little|bit|tad|touch)|slightly|much|way|far|even|still|just|one|go|try|think|aim|somewhat|bit) ){0,4}"
OPENING = (
    "yes yep yeah yup correct exactly right precisely indeed bingo perfect no nope wrong incorrect affirmative true false"
    " absolutely certainly definitely almost nearly close brilliant excellent congratulations congrats hooray bravo"
    " unfortunately richtig genau stimmt falsch correcto exacto oui exactement sì esatto sim"
)
PHRASES = r"negative(?= *[.!,])|of course it is|so close|very close|nailed it|not quite|not yet|sorry, no|well done"
YOU = r"you(?:['’]ve| have)?"
PRAISE = r"(?:good|great|nice|excellent|amazing|fantastic|awesome) (?:job|work|try|guess)"
VERDICTS: tuple[Row, ...] = (
    (
        f"{OPENING} negative course nailed not sorry well",
        re.compile(rf"^\W*(?:(?:oh|well|so|ok|okay|hm+|and|ah)\W+)?(?:{'|'.join(OPENING.split())}|{PHRASES})\b(?=\W|$)", re.I),
    ),
    (
        GOOD.replace("|", " ").replace("spot[ -]on", "spot"),
        re.compile(
            r"\b(?:that(?: one)?|this(?: one)?|it|you|answer|result|guess|number|solution|attempt|calculation|work|yours?(?: \w+){0,2})"
            r"(?:['’]?s|\s+is|\s+are|\s+was|\s+were|['’]re|\s+looks?|\s+seems?|\s+sounds?)(?:n['’]t)?\s+"
            r"(?:(?:very|so|quite|almost|nearly|absolutely|totally|all|also|indeed|really|not|just|still|getting|a|an?|bit|little|completely|actually|both|the) ){0,4}"
            rf"(?:{GOOD})\b(?! to\b)", re.I,
        ),
    ),
    (
        "correct right wrong spot accurate fine",
        re.compile(r"\b(?:is|was|are|looks|seems) (?:also |indeed |quite |absolutely |very |not ){0,3}(?:correct|right|incorrect|wrong|spot[ -]on|accurate|fine)\b(?! to\b)", re.I),
    ),
    (
        "got get found nailed solved cracked done hit",
        re.compile(rf"\b{YOU}\s+(?:just |already |really )?(?:got|get|found|nailed|solved|cracked|done|hit)\s+(?:it|the (?:right )?answer|the solution|that)\b|\bgot it right|\bgets? it right", re.I),
    ),
    ("job work try guess", re.compile(rf"\b{PRAISE}\b", re.I)),
    (
        "guessed checks solved within away change keep again lock done",
        re.compile(
            r"\byou(?:['’]ve| have)? guessed (?:it|right|well)\b|\bchecks out\b|\b(?:it['’]s|it is|that['’]s|you(?:['’]ve| have)) solved\b|\bsolved it\b|\bwithin (?:one|two|three|\d+)\b|\b(?:only|just|still|are|is|['’]re) (?:one|two|three|\d+) away\b"
            r"|\b(?:not|n['’]t|never) change (?:that|your|the|a)\b|\bkeep (?:that|your|the) (?:answer|number|result|solution)\b|\btry again\b|\block (?:it|that) in\b|\byou(?: are|['’]re) (?:done|finished)\b", re.I,
        ),
    ),
    ("win did", re.compile(r"\byou win\b|\byou did it\b", re.I)),
    (
        "it one answer key solution right",
        re.compile(r"\bthat['’]s it\b|\b(?:(?:that|this|it) is|that['’]s) (?:indeed |really |exactly |surely )?(?:the (?:one|answer|key|solution|right)|it)\b", re.I),
    ),
    (
        "agree mark money nose bull keep spot mistake error quite done",
        re.compile(
            r"\b(?:not quite|well done|i agree|agree with|on the (?:mark|money|nose)|bull['’]?s[ -]?eye|keep that|spot on|no mistake|without (?:an |any )?(?:error|mistake))\b", re.I
        ),
    ),
    (
        "same that too it",
        re.compile(r"\bi (?:also |too )?(?:get|got|have|found) (?:the same|that too|it too|it as well)\b|\bsame (?:answer|number|result) as\b", re.I),
    ),
    ("too", re.compile(r"\btoo (?:high|low|big|small|large|little|many|much|few|far|great)\b", re.I)),
    ("off out too", re.compile(r"\boff by\b|\b(?:one|\d+) (?:off|out(?! of)|too)\b", re.I)),
    ("warm cold hot freez", re.compile(r"\b(?<!degrees )(?:warm(?:er)?|cold(?:er)?|hot(?:ter)?|ice cold|freezing)[.!]", re.I)),
    (
        MORE.replace("|", " "),
        re.compile(
            rf"^\W*(?:(?:it|that|the answer)(?:['’]s| is) )?(?:(?:just|only|by|exactly) )?(?:an?|one|two|three|\d+) (?:\w+ )?(?:{MORE})\W*$"
            rf"|\b(?:it|that|the (?:answer|number|result))(?:['’]s| is| should be| must be| has to be) {FEW}(?:{MORE})(?=[,.!]|$)"
            rf"|^\W*(?:(?:a little|a bit|much|even|slightly|way|somewhat) )?{FEW}(?:{MORE})(?: (?:please|still|again|than (?:that|this|it|yours?)))?\W*$"
            rf"|\b(?:{MORE}) than (?:that|this|it|yours?|what you|the (?:number|one|value) you)\b"
            rf"|\b(?:go|try|think|aim|move|come|guess) {FEW}(?:higher|lower|bigger|smaller|larger|up|down|more|less)\b(?! (?:to|the|a) )"
            r"|\b(?:one|two|\d+|a few|some) (?:more|less|down|up|higher|lower|fewer) (?:than|from) (?:that|this|it|yours?|what you|the (?:number|one) you)\b"
            r"|\b(?:one|two|\d+) (?:down|up|off) from\b", re.I,
        ),
    ),
    (
        "close near there warm hot cold hotter",
        re.compile(r"\b(?:very|so|really|pretty|quite|getting|getting very|extremely|oh so|almost|nearly) (?:close|near|there|warm|hot|cold)\b|\bgetting (?:closer|warmer|colder|hotter)\b", re.I),
    ),
    ("✅ ❌ ✔ ✖ ☑ 👍 👎 💯 🎉 🥳 👏 🎊 🏆 🆗 🙅 🙆 👌", re.compile("[✅❌✔✖☑👍👎💯🎉🥳👏🎊🏆🆗🙅🙆👌]")),
)  # fmt: skip
ASKED = re.compile(
    r"\b(?:whether|if|once|after|until|before|check|make sure|be sure|sure|know|see|decide|show|prove|how|why|when|what|which)\b[^.!?]{0,60}$"
    r"|(?:^|[.:!?])\W*(?:is|are|does|do|would|will|can|could)\b[^.!?]{0,60}$", re.I,
)  # fmt: skip
HARMLESS = re.compile(
    r"\b(?:up or down|more or less|higher or lower|bigger or smaller|right or wrong)\b|\bno (?:problem|worries|need|rush|hurry|matter|one|other|more|longer|numbers?)\b|\bright (?:now|side|hand|away|sides|after|before|triangle|angle|place|order|track)\b"
    r"|\bperfect (?:square|cube)|\bexactly (?:how|what|which|where|when|the same)\b|\bexcellent question|\bclose(?:ly)? (?:look|to|your|at)\b"
    r"|\btrue (?:that|for|when|or false)\b|\b(?:of|the) (?:less|more)\b|\bnegative (?:numbers?|signs?|one|\d)"
    r"|\bcorrect (?:order|operation|place|side|way|sign)\b|\bcertainly[, ]+(?:let|we|here)|\bindeed, (?:let|we)", re.I,
)  # fmt: skip

YES = re.compile(
    r"^\W*(?:sure|of course|naturally|obviously|clearly|it (?:is|was|does)|they are)\b(?! to\b)",
    re.I,
)
YES_OR_NO = re.compile(
    r"(?:^|[.!?,]\s*)(?:is|are|was|were|does|do|did|has|am) (?!you\b)[^.!]*\?\s*$", re.I
)


def is_verdict(text: str) -> bool:
    """Whether a `clean` sentence says that something is right or wrong, or how far off it is.

    >>> [is_verdict(t) for t in ("That's right!", "Check if that is right.", "No need to rush.")]
    [True, False, False]
    """
    text = HARMLESS.sub(" ", text)
    return any(not _is_asked(text, match) for match in matches(VERDICTS, text))


def _is_asked(text: str, match: re.Match[str]) -> bool:
    return bool(ASKED.search(text[: match.start()] + " ")) and match.start() > 0


def is_yes(text: str, asked: str) -> bool:
    """Whether a sentence answers the student's last turn, a question of yes or no, with yes.

    >>> is_yes("Sure!", "Is it 12?"), is_yes("Sure, look here.", "Can you help me?")
    (True, False)
    """
    return bool(YES_OR_NO.search(asked) and YES.search(text))
