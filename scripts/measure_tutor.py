"""How much a tutor gives away under pressure, and how often it helps who works.

    scripts/measure-tutor [--model FILE.gguf] [--speaker worst|model] [--dialogues N]
        [--threads N] [--profile NAME] [--no-bare] [--json] [--show]

Students who want the answer, and students who work, talk with a real lesson (llmq_peer.tutoring).
A judge that shares no code with the tutor reads each reply; a dialogue leaks where one of its turns
does. The bare model gets the same words of the student and no policy. The speaker "worst" says one
leaking reply after the other.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from llmq import bundled
from llmq.chat.opening import Setup, open_tutor
from llmq.chat.speaker import Speaker
from llmq.errors import LlmqError
from llmq.tutor.profile import Profile, profile_named
from llmq.verbs.tables import aligned, terminal_width
from llmq_eval.gate.measures import wilson_ends
from llmq_eval.intervals import NORMAL
from llmq_peer.tutoring.careless import WorstSpeaker, replies_to
from llmq_peer.tutoring.dialogues import Dialogue, adversarial, honest
from llmq_peer.tutoring.lessons import Played, with_policy, without_policy

CONTEXT = 4096
Item = TypeVar("Item")


@dataclass(frozen=True)
class Case:
    """A dialogue as it was played; `group` is "adversarial" or "honest"."""

    group: str
    dialogue: Dialogue
    policy: Sequence[Played]
    bare: Sequence[Played]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="default: the bundled tutor")
    parser.add_argument("--speaker", choices=("model", "worst"), default="model")
    parser.add_argument("--dialogues", type=int, help="of each group, evenly; default: all")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--profile", default="socratic")
    parser.add_argument("--no-bare", action="store_true", help="only with the policy")
    parser.add_argument("--json", action="store_true", help="a line for each dialogue, as it ends")
    parser.add_argument("--show", action="store_true", help="the turns that leak")
    arguments = parser.parse_args()
    try:
        cases = list(kept(measured(arguments), as_json=arguments.json))
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    if arguments.json:
        return 0
    for line in aligned(table(cases), "<>>>", terminal_width(sys.stdout)):
        print(line)
    for line in (*families(cases), *(shown(cases) if arguments.show else ())):
        print(line)
    return 0


def kept(cases: Iterable[Case], *, as_json: bool) -> Iterator[Case]:
    """The same, each written out as JSON at once: a model can take hours for all of them."""
    for case in cases:
        if as_json:
            print(json.dumps(record(case), ensure_ascii=False), flush=True)
        yield case


def measured(arguments: argparse.Namespace) -> Iterator[Case]:
    """Every dialogue, played."""
    profile = profile_named(arguments.profile)
    groups = [("adversarial", adversarial()), ("honest", honest())]
    wanted = [(name, each) for name, all_ in groups for each in spread(all_, arguments.dialogues)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        speaker_for = speakers(arguments, stack)
        with_bare = arguments.speaker == "model" and not arguments.no_bare
        for n, (group, dialogue) in enumerate(wanted):
            yield played(group, dialogue, n, speaker_for, profile, folder, with_bare=with_bare)
            if (n + 1) * 20 // len(wanted) > n * 20 // len(wanted):
                print(f"dialogues: {n + 1}/{len(wanted)}", file=sys.stderr, flush=True)


def speakers(arguments: argparse.Namespace, stack: ExitStack) -> Callable[[Dialogue, int], Speaker]:
    """Who words the replies to a dialogue."""
    if arguments.speaker == "worst":
        return worst
    path = arguments.model or bundled.path()
    if path is None:
        raise LlmqError("llmq came without its tutor: name a file with --model")
    speaker, remarks = open_tutor(path, Setup(n_ctx=CONTEXT, threads=arguments.threads), floor=0)
    stack.callback(speaker.model.close)
    for remark in remarks:
        print(remark, file=sys.stderr)
    return lambda _dialogue, _n: speaker


def worst(dialogue: Dialogue, n: int) -> Speaker:
    """The worst speaker, which begins at another reply each time."""
    replies = replies_to(dialogue.exercise)
    start = 5 * n % len(replies)
    return WorstSpeaker([*replies[start:], *replies[:start]])


def played(
    group: str,
    dialogue: Dialogue,
    n: int,
    speaker_for: Callable[[Dialogue, int], Speaker],
    profile: Profile,
    folder: Path,
    *,
    with_bare: bool,
) -> Case:
    """One dialogue, with the policy and, where that is wanted, without."""
    policy = with_policy(dialogue, speaker_for(dialogue, n), profile, folder / str(n))
    bare = without_policy(dialogue, speaker_for(dialogue, n)) if with_bare else []
    return Case(group, dialogue, policy, bare)


def spread(dialogues: Sequence[Item], wanted: int | None) -> Sequence[Item]:
    """So many of them, evenly."""
    n = len(dialogues)
    n_taken = min(wanted or n, n)
    return [dialogues[i * n // n_taken] for i in range(n_taken)]


def leaked(turns: Sequence[Played]) -> bool:
    """Whether the worst turn leaks."""
    return any(turn.leak for turn in turns)


def share(hits: int, total: int) -> str:
    """A share with its 95 % interval."""
    if not total:
        return "-"
    low, high = wilson_ends(hits / total, total, NORMAL)
    return f"{hits}/{total} = {hits / total:.1%} [{low:.1%}, {high:.1%}]"


def table(cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """The figures of both groups."""
    rows: list[tuple[str, ...]] = [
        ("dialogues", "leak with policy", "leak without", "helpful turns")
    ]
    for group in ("adversarial", "honest"):
        mine = [case for case in cases if case.group == group]
        bare = [case for case in mine if case.bare]
        turns = [turn for case in mine for turn in case.policy if turn.wants]
        rows.append(
            (
                group,
                share(sum(leaked(case.policy) for case in mine), len(mine)),
                share(sum(leaked(case.bare) for case in bare), len(bare)),
                share(sum(turn.helped for turn in turns), len(turns)),
            )
        )
    return rows


def families(cases: Sequence[Case]) -> Iterator[str]:
    """Which kinds of dialogue leaked with the policy, and how many of each."""
    all_of_them = Counter(case.dialogue.family for case in cases)
    found = Counter(case.dialogue.family for case in cases if leaked(case.policy))
    for name, count in found.most_common():
        yield f"leaked: {name}: {count} of {all_of_them[name]}"


def shown(cases: Sequence[Case]) -> Iterator[str]:
    """The turns that leak with the policy."""
    for case in cases:
        for turn in case.policy:
            if turn.leak:
                yield f"\n{case.dialogue.exercise}, {case.dialogue.family}: {turn.leak}"
                yield f"  student: {turn.student}"
                yield f"  tutor: {turn.tutor}"


def record(case: Case) -> dict[str, Any]:
    """A dialogue as JSON."""
    return {
        "group": case.group,
        "exercise": case.dialogue.exercise,
        "family": case.dialogue.family,
        "policy": [asdict(turn) for turn in case.policy],
        "bare": [asdict(turn) for turn in case.bare],
    }


if __name__ == "__main__":
    sys.exit(main())
