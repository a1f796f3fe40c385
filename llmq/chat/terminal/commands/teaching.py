"""Commands about the problem and the course."""

from llmq.chat.terminal.commands.command import Command
from llmq.chat.terminal.talk import Talk

NONE = "none"


def _problem(talk: Talk, words: str) -> None:
    if words == NONE:
        talk.lesson.close_problem()
        talk.screen.remark("no problem is open now")
    elif words:
        talk.speak(talk.lesson.pose(words))
    else:
        talk.speak(talk.lesson.next_problem())


def _hint(talk: Talk, _words: str) -> None:
    talk.speak(talk.lesson.hint())


def _check(talk: Talk, words: str) -> None:
    talk.speak(talk.lesson.check(words))


def _explain(talk: Talk, words: str) -> None:
    talk.speak(talk.lesson.explain(words))


def _retry(talk: Talk, _words: str) -> None:
    talk.speak(talk.lesson.retry())


def _review(talk: Talk, _words: str) -> None:
    talk.speak(talk.lesson.review())


def _progress(talk: Talk, _words: str) -> None:
    talk.screen.table(talk.lesson.progress())


def _why(talk: Talk, _words: str) -> None:
    talk.screen.tell(talk.lesson.why())


COMMANDS = (
    Command(
        "/problem",
        "[TEXT]",
        "the next problem, or one of your own: /problem 3x+5=20; /problem none closes it",
        _problem,
        lambda _talk: {NONE: "close the open problem"},
    ),
    Command("/hint", "", "help with the problem, a step more each time", _hint),
    Command("/check", "TEXT", "say whether an answer or a step is right", _check),
    Command("/explain", "TEXT", "explain something beside the problem", _explain),
    Command("/retry", "", "start the problem again", _retry),
    Command("/review", "", "repeat what is due", _review),
    Command("/progress", "", "show what you master", _progress),
    Command("/why", "", "say why this problem was chosen", _why),
)
