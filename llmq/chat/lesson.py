"""A lesson: the chat in which the policy decides, the model words it, and the guard reads along.

The one object that the terminal, its commands and measurements talk to. No terminal in here.

The way of a turn: the policy says what the student's words are and what comes first (the verdict,
which is never the model's); the model says more, sentence by sentence, each of which the guard has
passed; an authored hint follows where the model said nothing of use. What the student's answer
tells of a skill moves the learner. Then the turn is kept.
"""

from random import Random

from llmq.chat.guarded import Watch, runs, stems
from llmq.chat.lesson_context import LessonContext, Reply
from llmq.chat.notebook import Notebook, now
from llmq.chat.pieces import Kind as Part
from llmq.chat.pieces import Piece
from llmq.chat.speaker import Speaker
from llmq.chat.turns import Turn, told
from llmq.errors import LessonError
from llmq.tutor import policy
from llmq.tutor.choosing import Chosen, next_exercise
from llmq.tutor.course.typed import exercise_of_text
from llmq.tutor.exercise import Exercise
from llmq.tutor.guard import Guard
from llmq.tutor.moves import Kind, Move, Observation
from llmq.tutor.profile import Profile
from llmq.tutor.state import State

NO_PROBLEM = "no problem is open; /problem opens one"
SILENT = "the model has nothing to say to that: please say it in other words"
STRICTER = "Ask one short question only. Name no numbers, no results, and do not say whether anything is right."
MOST_GUARDED = 120  # tokens of a model's words beside an open exercise
INSTRUCTIONS = runs(STRICTER) | runs(policy.REWORDED) | runs(policy.BESIDE)
WORDED = (Kind.FREE, Kind.ASIDE, Kind.HINT, Kind.STEP, Kind.WRONG)


class Lesson(LessonContext):
    """An open lesson; `speaker` words what the policy leaves to a model."""

    def __init__(
        self, speaker: Speaker, profile: Profile, notebook: Notebook, *, seed: int = 0
    ) -> None:
        super().__init__(speaker, profile, notebook)
        self.withheld: list[str] = []  # the reasons, for whoever measures
        self._why = ""
        self._random = Random(seed)

    def reply(self, text: str) -> Reply:
        """The tutor's reply; what was said stays said where it is closed before its end."""
        state, move = policy.respond(self.state, text, self.profile)
        yield from self._turn(text, state, move)
        if move.kind is Kind.SOLVED and self.profile.goes_on:
            yield Piece(Part.SPEECH, "\n\n")
            yield from self.next_problem()

    def hint(self) -> Reply:
        """Help with the open problem."""
        state, move = policy.hint(self._open_state())
        return self._turn("A hint, please.", state, move)

    def explain(self, text: str) -> Reply:
        """A question beside the open problem, which it does not answer."""
        state, move = policy.aside(self.state)
        return self._turn(text, state, move)

    def check(self, text: str) -> Reply:
        """Whether an answer or a step is right; it changes nothing."""
        words = policy.check(self._open_state(), text)
        return (piece for piece in (Piece(Part.SPEECH, words),))

    def regenerate(self) -> Reply:
        """Another reply to the last turn."""
        return self.edit(self._last_asked().shown)

    def edit(self, text: str) -> Reply:
        """The reply to another wording of the student's last turn, where no step was judged."""
        last = self._last_asked()
        if last.kind not in ("", Kind.FREE, Kind.ASIDE, Kind.HINT, Kind.NUDGE):
            raise LessonError(
                "that turn was judged already: go on from here, or /retry the problem"
            )
        self.transcript = self.transcript[: self.transcript.index(last)]
        self.notebook.take_back(len(self.transcript))
        return self.reply(text)

    def pose(self, text: str) -> Reply:
        """The student's own problem, opened."""
        exercise = exercise_of_text(text)
        return self.begin(exercise, "")

    def next_problem(self) -> Reply:
        """The next problem of the course, opened."""
        return self._chosen(next_exercise(self.notebook.course, self.learner, now(), self._random))

    def review(self) -> Reply:
        """A problem of a skill whose review is due."""
        if not self.learner.due(now()):
            raise LessonError("no review is due; /problem goes on with the course")
        return self.next_problem()

    def retry(self) -> Reply:
        """The open problem from its start."""
        return self.begin(self._open_state().exercise, self._why)

    def close_problem(self) -> None:
        """No problem is open any more."""
        self.state = None

    def why(self) -> str:
        """Why this problem."""
        if not self._why:
            raise LessonError("no problem of the course is open; /problem opens one")
        return self._why

    def new(self) -> None:
        """A new session."""
        self.notebook.close()
        self._empty()

    def reset(self) -> None:
        """This session from its start: what was said is forgotten."""
        self.notebook.take_back(0)
        self._empty()

    def resume(self, name: str | None) -> None:
        """Go on with an earlier session, the latest where no name is given."""
        turns, state = self.notebook.read(name)
        self._empty()
        self.transcript, self.state = turns, state

    def _empty(self) -> None:
        self.transcript, self.state = [], None
        self._first, self._earlier, self._why, self.last_thought = 0, "", "", ""

    def _open_state(self) -> State:
        if self.state is None:
            raise LessonError(NO_PROBLEM)
        return self.state

    def _last_asked(self) -> Turn:
        for turn in reversed(self.transcript):
            if turn.role == "user":
                return turn
        raise LessonError("nothing has been said yet")

    def _chosen(self, chosen: Chosen | None) -> Reply:
        if chosen is None:
            raise LessonError("this course has no problems")
        return self.begin(chosen.exercise, chosen.why)

    def begin(self, exercise: Exercise, why: str = "") -> Reply:
        """An exercise, opened; `why` it is this one."""
        self.state, self._why = policy.start(exercise, self.profile), why
        self.learner = self.learner.asked(exercise.id)
        choices = "".join(
            f"\n{chr(ord('A') + i)}) {choice}" for i, choice in enumerate(exercise.choices)
        )
        text = f"{exercise.question}{choices}"
        self._keep([Turn("assistant", text, kind="problem")])
        yield Piece(Part.SPEECH, text)

    def _turn(self, text: str, state: State | None, move: Move) -> Reply:
        """One turn, kept also where it is closed before its end."""
        before, self.state = self.state, state
        brief = f"\n\n[{move.brief}]" if move.brief else ""
        asked = Turn("user", text, f"{text}{brief}", move.kind, move.level)
        said: list[str] = []
        try:
            for piece in self._said(asked, move):
                if piece.kind is Part.SPEECH:
                    said.append(piece.text)
                yield piece
            level = before.level if before and move.kind is not Kind.TOLD else move.level
            for seen in move.observations:
                yield Piece(Part.REMARK, self._moved(seen, level))
            if not "".join(said).strip():
                yield Piece(Part.REMARK, SILENT)
        finally:
            if answer := "".join(said).strip():
                self._keep([asked, Turn("assistant", answer, level=move.level)])
            else:  # a student's turn that got no answer is taken back
                self.state = before

    def _moved(self, seen: Observation, level: int) -> str:
        """What an answer tells of a skill, in words; `level` is the help that it took."""
        skill = self.notebook.course.skill(seen.skill)
        old = self.learner.mastery(seen.skill)
        self.learner = self.learner.observed(seen.skill, seen.right, now(), level=level)
        name = skill.name if skill else seen.skill
        return f"{name}: mastery {old:.0%} -> {self.learner.mastery(seen.skill):.0%}"

    def _said(self, asked: Turn, move: Move) -> Reply:
        if move.said:
            yield Piece(Part.SPEECH, move.said)
        if move.kind not in WORDED:
            return
        gap = "\n\n" if move.said else ""
        if self.state is None:
            yield from self._spoken(asked, self.settings.max_tokens)
            return
        watch = self._watch(asked, move)
        for brief in ("", f"\n[{STRICTER}]"):
            once = Turn("user", asked.shown, f"{asked.message.content}{brief}")
            for piece in watch.read(self._spoken(once, MOST_GUARDED)):
                if gap and piece.kind is Part.SPEECH:
                    yield Piece(Part.SPEECH, gap)
                    gap = ""
                yield piece
            if watch.reason:
                self.withheld.append(watch.reason)
            if watch.text.strip() or not watch.reason:
                break
            watch = self._watch(asked, move)
        helps = "?" in watch.text and stems(watch.text) & stems(move.fallback)
        if move.fallback and not helps:
            yield Piece(Part.SPEECH, ("\n\n" if watch.text or gap else "") + move.fallback)

    def _watch(self, asked: Turn, move: Move) -> Watch:
        return Watch(self._guard(asked, move), self._subject(move), INSTRUCTIONS)

    def _guard(self, asked: Turn, move: Move) -> Guard:
        assert self.state is not None
        return Guard(
            self.state.exercise,
            level=move.level,
            done=self.state.done,
            student=[*told(self.transcript, "user"), asked.shown],
            told=told(self.transcript, "assistant"),
        )

    def _subject(self, move: Move) -> frozenset[str]:
        """What words of help are about; a question beside the problem may be about anything."""
        assert self.state is not None
        step = self.state.step
        concept = step.concept if step else ""
        texts = f"{self.state.exercise.question} {concept} {move.fallback}"
        return frozenset() if move.kind is Kind.ASIDE else stems(texts)

    def _keep(self, turns: list[Turn]) -> None:
        self.transcript += turns
        self.notebook.write(turns, self.state, self.learner)
