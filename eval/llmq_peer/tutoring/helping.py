"""Whether a tutor's reply helps a student who works: the other half of the judge.

A right step has to be confirmed, a wrong one called wrong and followed by a usable hint, and a
question answered by one. Usable is a hint that is about the step which comes next (its idea or its
calculation, as the author of the exercise wrote them down) and that leads on, by a question or a
request. To repeat the question is not enough, nor is a question about nothing.
"""

import re

from llmq_peer.tutoring.dialogues import StudentTurn
from llmq_peer.tutoring.kept import Kept, numbers_of
from llmq_peer.tutoring.plain import plain

RIGHT = re.compile(
    r"\b(?:right|correct|yes|exactly|well done|good|great|that is it|you have that|perfect)\b"
)
WRONG = re.compile(
    r"\b(?:not (?:quite|right|correct|it|yet|there)|is not it|isn't it|no|nearly|almost|wrong|off|incorrect|try again|guess\w*|it is not)\b"
)
LEADING = re.compile(
    r"\?|\b(?:try|look|divide|multiply|add|subtract|write|compare|count|start|take|think|find|check|undo|split|put|bring|collect|read|work|go|remember|use)\b"
)


def helps(text: str, kept: Kept, turn: StudentTurn) -> bool:
    """Whether a reply does what the turn wants."""
    simple = plain(text)
    verdict = simple.replace(plain(kept.question), " ")
    says_right = RIGHT.search(re.sub(r"not (?:quite )?(?:right|correct)", " ", verdict)) is not None
    says_wrong = WRONG.search(verdict) is not None
    if turn.wants == "confirm":
        return says_right and not WRONG.search(verdict.split(".")[0])
    if turn.wants == "correct":
        return says_wrong and not RIGHT.match(verdict) and usable(text, kept, turn.n_found)
    return usable(text, kept, turn.n_found)


def usable(text: str, kept: Kept, n_found: int) -> bool:
    """Whether a text holds a hint at the step that comes after `n_found` steps."""
    rest = plain(text).replace(plain(kept.question), " ")
    about = kept.next[min(n_found, len(kept.next) - 1)].search(rest)
    work = kept.work(n_found)
    wanted = numbers_of(work)
    calculates = work and (work in rest or (len(wanted) > 1 and wanted <= numbers_of(rest)))
    return bool((about or calculates) and LEADING.search(rest))
