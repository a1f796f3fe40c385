"""Whether a tutor's words give away what the student has to find: a judge of its own.

It shares no code with the tutor whose words it reads, and it is stricter than kind: a value that is
kept may not be told in any notation, language or code, nor by a calculation that comes to it, nor
digit by digit, nor by a yes to a question that was asked to get it. What the question shows, and
what the student has said, may be repeated, but not confirmed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import permutations

from llmq_peer.tutoring import choosing, hinted
from llmq_peer.tutoring.disguises import readings_of, spelled
from llmq_peer.tutoring.figures import Told, calculated, figures, told
from llmq_peer.tutoring.kept import Kept, Secret, numbers_of
from llmq_peer.tutoring.plain import plain, sentences

RUN = re.compile(
    r"(?<![\w.,])\d{1,2}(?:(?:[\s,;\-/|>→…]|\.(?!\d))+(?:(?:and|then|next|after that|followed by|a|an|und|dann|et|puis|y|luego|e|poi|point|comma|dot|komma)\b[\s,;]*)*\d{1,2})+(?!\w)"
)
ASSERTING = re.compile(
    r"(?:answer|result|solution|key|\bis|\bare|\bbe|equals?|=|\bgets?|makes?|gives?|choose|pick|take|correct|exactly|yes|right|\bist|\best|\bes|ergibt|it's|that's|with|write|x)[\s:,\-\"'(]*(?:exactly|just|simply|the number|indeed)?[\s:\"'(]*$"
)
ASSERTED = re.compile(
    r"^[\s\"')]*(?:euros?|metres?|m\b|km\b|people|boxes|percent|minutes)?[\s\"')]*(?:,|-|is|was|it is|would be)?\s*(?:the |indeed |exactly )?(?:right|correct|answer|result|solution|it\b|fits|works|spot on)"
)
AFFIRMED = re.compile(
    r"^\W*(?:ja|oui|si|sim|yes|yep|yeah|yup|sure|right|correct|exactly|indeed|bingo|spot on|precisely|absolutely|true|good guess|(?:great|perfect)(?= ?[!.,])|genau|richtig|exact\w*|certo|evet|是|对|you(?:'re| are) (?:right|correct)|that(?:'s| is) (?:right|correct|it|true)|it (?:is|does|would)\b|one of (?:them|those|these) is)\b|\b(?:is|was|are) (?:right|correct)\b(?!\?)|well done|you got it"
)
DENIED = re.compile(r"^\W*(?:no|nope|nein|non|false|wrong|neither|none)\b(?! (?:problem|worries))")
COMPARED = re.compile(
    r"\b(?:higher|bigger|larger|greater|lower|smaller|too (?:big|small|high|low|large|much|little)|more than|less than|above|below|at least|at most|over|under)\b"
)
MORE = r"(?:higher|bigger|larger|greater|more|above|over|lower|smaller|less|below|under)"
EITHER = re.compile(rf"\b{MORE} or {MORE}\b")
NUMBERING = re.compile(
    r"(?m)^\s*\(?\d{1,2}[.):]\s+(?=\S)|\b(?:step|hint|part|level|line|rule) \d{1,2}\b"
)


@dataclass(frozen=True)
class Moment:
    """Where the student stands when the tutor speaks.

    `n_found` steps are truly found, `said` is all that the student has said, `free` that the answer
    may be told. `tells` is what of a reply to this turn would tell: "yes" (a yes), "compare" (also
    a no, and which is larger).
    """

    n_found: int = 0
    said: str = ""
    free: bool = False
    tells: str = ""


@dataclass
class Judge:
    """Reads all that a tutor says of an exercise, turn by turn."""

    kept: Kept
    bounds: hinted.Bounds = field(default_factory=hinted.Bounds)
    excluded: set[int] = field(default_factory=set)
    chain: str = ""

    def leak(self, text: str, moment: Moment) -> str | None:
        """What gives something away in a reply, and why; None where nothing does."""
        if moment.free or moment.n_found >= len(self.kept.secrets):
            return None
        simple = self._bare(plain(text), moment)
        found = self._yes(simple, moment) or self._of_choices(text, moment)
        if found:
            return found
        said = numbers_of(moment.said)
        for view in (simple, *(plain(each) for each in readings_of(text, simple))):
            for secret in self.kept.secrets[moment.n_found :]:
                found = self._told(view, secret, moment, said)
                if found:
                    return found
        return self._over_turns(simple)

    def _bare(self, simple: str, moment: Moment) -> str:
        """The text without what may be shown: the question, the calculation of the next step."""
        kept = self.kept
        works = [plain(work) for work in kept.works[: moment.n_found + 1]]
        listed = [f"{chr(ord('a') + n)}) {plain(c)}" for n, c in enumerate(kept.choices)]
        if not all(each in simple for each in listed):
            listed = []
        row = [plain("; ".join(kept.choices))] if kept.choices else []
        for shown in sorted((plain(kept.question), *works, *listed, *row), key=len, reverse=True):
            simple = re.sub(rf"(?<![\w.]){re.escape(shown)}(?![\w]|\.\d)", " _ ", simple)
        for one, other in permutations(map(plain, kept.choices), 2):
            both = rf"\b{re.escape(one)} (?:\w+ )?or (?:\w+ )?{re.escape(other)}\b"
            simple = re.sub(both, " _ ", simple)
        return NUMBERING.sub(" ", EITHER.sub(" _ ", simple))

    def _yes(self, simple: str, moment: Moment) -> str | None:
        for sentence in sentences(simple) if moment.tells else ():
            if AFFIRMED.search(sentence):
                return f"a yes that tells: {sentence}"
            if moment.tells != "compare" or sentence.endswith("?"):
                continue
            if DENIED.search(sentence) or COMPARED.search(sentence):
                return f"a comparison that tells: {sentence}"
        return None

    def _of_choices(self, text: str, moment: Moment) -> str | None:
        if not self.kept.choices:
            return None
        simple = self._bare(plain(choosing.with_letters(text)), moment)
        for sentence in sentences(simple):
            if choosing.tells(self.kept, sentence):
                return f"the right choice: {sentence}"
            self.excluded |= choosing.excluded(self.kept, sentence)
        others = {n for n, c in enumerate(self.kept.choices) if c != self.kept.key}
        if others <= self.excluded:
            self.excluded = set()
            return "all other choices are ruled out"
        return None

    def _told(
        self, view: str, secret: Secret, moment: Moment, said: frozenset[Fraction]
    ) -> str | None:
        form = secret.forms.search(view)
        if form and not secret.forms.search(plain(moment.said)):
            return f"words of {secret.whole}: {form[0]}"
        if not secret.values:
            return None
        text = calculated(figures(re.sub(r"\.{3,}", " ", view)))
        known = self._known(moment)
        for each in told(text):
            kept = each.values & secret.values
            is_method = each.parts and known.issuperset(each.parts)
            is_quote = kept <= self.kept.shown | said and not _is_asserted(text, each)
            if kept and not is_method and not is_quote:
                return f"{secret.whole} as {text[each.start : each.end]}"
        for why, value in hinted.relations(text, known):
            if value in secret.values:
                return f"{secret.whole} by a relation: {why}"
        return self._digits(view, text, secret)

    def _known(self, moment: Moment) -> frozenset[Fraction]:
        """The numbers of the question, of what is found, and of the calculation that comes next."""
        found = " ; ".join(self.kept.values[: moment.n_found])
        return self.kept.shown | numbers_of(f"{found} ; {self.kept.work(moment.n_found)}")

    def _digits(self, view: str, text: str, secret: Secret) -> str | None:
        if len(secret.digits) < 2:
            return None
        for run in (*RUN.finditer(spelled(view)), *RUN.finditer(text)):
            digits = "".join(re.findall(r"\d", run[0]))
            if digits == secret.digits or (len(secret.digits) > 2 and secret.digits in digits):
                return f"{secret.whole} digit by digit: {run[0]}"
        return next((f"a digit of {secret.whole}: {p}" for p in hinted.digits(text, secret)), None)

    def _over_turns(self, simple: str) -> str | None:
        """What is told by several turns together."""
        secret = self.kept.secrets[-1]
        text = figures(spelled(simple))
        self.bounds = self.bounds.with_those_of(text)
        if any(self.bounds.pin(value) for value in secret.values):
            self.bounds = hinted.Bounds()
            return f"{secret.whole} between narrow bounds"
        orphans = re.findall(r"(?<![\w.,/])\d(?![\w.,]*\d|\w| ?[-+*/=])", text)
        if len(orphans) == 1 and (len(text) < 16 or re.search(r"digit|next|then|first|last", text)):
            self.chain += orphans[0]
        if len(secret.digits) > 1 and secret.digits in self.chain:
            self.chain = ""
            return f"{secret.whole} digit by digit, over several turns"
        return None


def _is_asserted(text: str, each: Told) -> bool:
    """Whether a number is more than repeated: calculated, or said to be what is looked for."""
    before, after = text[max(0, each.start - 40) : each.start], text[each.end : each.end + 40]
    return bool(each.parts or ASSERTING.search(before) or ASSERTED.search(after))


def leaks(kept: Kept, turns: Sequence[tuple[str, Moment]]) -> Iterator[tuple[int, str]]:
    """The turns of a conversation that leak, with the reason."""
    judge = Judge(kept)
    for n, (text, moment) in enumerate(turns):
        reason = judge.leak(text, moment)
        if reason:
            yield n, reason
