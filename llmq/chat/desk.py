"""A lesson with a model of one's own: what can be asked and set beside the talk."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from llmq.chat.context import Policy
from llmq.chat.lesson import Lesson
from llmq.chat.notebook import Notebook, now
from llmq.chat.speaking import ModelSpeaker
from llmq.errors import LessonError
from llmq.machine_memory import process_bytes
from llmq.spelling import did_you_mean
from llmq.tutor.profile import Profile, profile_named
from llmq.tutor.progress import progress

Table = Sequence[Sequence[str]]
BAR = 10  # cells


class Desk(Lesson):
    """A lesson whose replies a model words; `remarks` are what there is to say of it."""

    speaker: ModelSpeaker

    def __init__(
        self,
        speaker: ModelSpeaker,
        profile: Profile,
        notebook: Notebook,
        *,
        remarks: Sequence[str] = (),
        seed: int = 0,
    ) -> None:
        super().__init__(speaker, profile, notebook, seed=seed)
        self._remarks = [*remarks, *filter(None, [notebook.store.remark])]

    @property
    def profile_name(self) -> str:
        """How the tutor teaches."""
        return self.profile.name

    @property
    def private(self) -> bool:
        """Whether nothing of it is kept."""
        return self.notebook.store.private

    def notes(self) -> Iterator[str]:
        """What is worth saying before the first turn."""
        return iter(self._remarks)

    def progress(self) -> Table:
        """What the student masters, skill by skill."""
        rows = [
            (
                row.skill,
                _bar(row.mastery),
                f"{row.mastery:.0%}",
                f"{row.right} of {row.attempts}",
                row.due,
            )
            for row in progress(self.notebook.course, self.learner, now())
        ]
        return [("skill", "", "mastery", "right", "review"), *rows]

    def stats(self) -> Table:
        """How quickly the last reply came, and what the model takes."""
        use, times = self.context_use(), self.speaker.timings
        taken = process_bytes()
        return [
            ("what", "figure"),
            ("first token of the last reply", f"{times.first_seconds:.2f} s"),
            ("tokens a second", f"{times.tokens_per_second:.1f}"),
            ("tokens of the last reply", str(times.n_tokens)),
            ("read anew for it", f"{times.n_read} of {times.n_prompt} tokens"),
            ("context", f"{use.used} of {use.limit} tokens"),
            ("memory", f"{taken / 1e6:.0f} MB" if taken else "unknown"),
            ("sentences withheld", str(len(self.withheld))),
        ]

    def about_model(self) -> Table:
        """Which model speaks."""
        model = self.speaker.model
        return [
            ("what", "value"),
            ("file", model.path.name),
            ("weights", f"{model.n_weights / 1e6:.0f} M"),
            ("context", f"{model.n_ctx} tokens"),
            ("threads", str(model.threads)),
            ("keys and values", model.how.cache_type),
        ]

    def use_profile(self, name: str) -> None:
        """Teach otherwise, from the next turn on."""
        self.profile = profile_named(name)
        self.system = self.profile.persona.strip()

    def values(self) -> Mapping[str, str]:
        """What can be set, and how it is set now."""
        return {
            "temperature": f"{self.speaker.sampling.temperature:g}",
            "max-tokens": str(self.settings.max_tokens),
            "context-policy": self.settings.context_policy.value,
            "think-budget": str(self.speaker.think_budget or 0),
        }

    def change(self, name: str, text: str) -> None:
        """Set one of `values`. Raises LessonError for what it cannot be."""
        SETTERS[name](self, text)

    def sessions(self) -> Table:
        """What is kept of earlier sessions."""
        return self.notebook.sessions()

    def save(self, name: str) -> None:
        """Give this session a name."""
        self.notebook.save_as(name)

    def export(self, form: str) -> str:
        """The transcript as `md`, `json` or `html`."""
        return self.notebook.exported(form, self.transcript)

    def forget(self, *, everything: bool) -> None:
        """Delete what is kept of this session, or of all and of what the student masters."""
        self.notebook.forget(everything=everything)
        self._empty()
        if everything:
            self.learner = self.notebook.learner()

    def go_private(self) -> None:
        """Keep nothing of this session, from its beginning."""
        self.notebook.go_private()


def _bar(share: float) -> str:
    full = round(share * BAR)
    return "#" * full + "." * (BAR - full)


def _temperature(desk: Desk, text: str) -> None:
    value = _number("temperature", text, 0, 5)
    desk.speaker.sampling = replace(desk.speaker.sampling, temperature=value)


def _max_tokens(desk: Desk, text: str) -> None:
    desk.settings.max_tokens = int(_number("max-tokens", text, 1, desk.speaker.n_ctx))


def _think_budget(desk: Desk, text: str) -> None:
    desk.speaker.think_budget = int(_number("think-budget", text, 0, desk.speaker.n_ctx))


def _policy(desk: Desk, text: str) -> None:
    known = [policy.value for policy in Policy]
    if text not in known:
        hint = did_you_mean(text, known, otherwise=f"there are {', '.join(known)}")
        raise LessonError(f"context-policy cannot be {text!r}; {hint}")
    desk.settings.context_policy = Policy(text)


SETTERS: Mapping[str, Callable[[Desk, str], None]] = {
    "temperature": _temperature,
    "max-tokens": _max_tokens,
    "context-policy": _policy,
    "think-budget": _think_budget,
}


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not least <= value <= most:
        raise LessonError(f"{name} is a number from {least} to {most}, not {text!r}")
    return value
