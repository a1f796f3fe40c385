"""Commands about what was just said."""

from llmq.chat.terminal.commands.command import Command
from llmq.chat.terminal.talk import Talk

NOTHING_SAID = "nothing has been said yet"


def _regenerate(talk: Talk, _words: str) -> None:
    talk.speak(talk.lesson.regenerate())


def _edit(talk: Talk, words: str) -> None:
    last = talk.last("user")
    if not last:
        talk.screen.remark(NOTHING_SAID)
        return
    text = words or talk.reader.edit(last)
    if text is None:
        talk.screen.remark("there is no editor here: /edit TEXT says your last message anew")
    elif text:
        talk.speak(talk.lesson.edit(text))
    else:
        talk.screen.remark("your last message stays as it was")


def _think(talk: Talk, _words: str) -> None:
    thought = talk.lesson.last_thought
    if thought:
        talk.screen.tell(thought)
    else:
        talk.screen.remark("no thoughts came before the last reply")


def _new(talk: Talk, _words: str) -> None:
    talk.lesson.new()
    talk.screen.remark("a new chat; /resume goes back")


def _reset(talk: Talk, _words: str) -> None:
    talk.lesson.reset()
    talk.screen.remark("this chat begins anew; what was said in it is forgotten")


def _compact(talk: Talk, _words: str) -> None:
    with talk.reader.speaking():  # a model may tell what goes in short
        said = [piece.text for piece in talk.lesson.compact() if piece.text]
    for text in said or ["there is nothing to make shorter yet"]:
        talk.screen.remark(text)


def _quit(talk: Talk, _words: str) -> None:
    talk.is_over = True


COMMANDS = (
    Command("/regen", "", "ask for another reply to your last message", _regenerate),
    Command("/edit", "[TEXT]", "word your last message anew, in your editor or here", _edit),
    Command("/think", "", "show what the model thought before it last spoke", _think),
    Command("/new", "", "begin a new chat", _new),
    Command("/reset", "", "begin this chat anew and forget what was said in it", _reset),
    Command("/compact", "", "make room: earlier turns become a summary", _compact),
    Command("/quit", "", "end the chat; Ctrl-D does it too", _quit),
)
