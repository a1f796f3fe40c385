"""Commands that show how the chat is set, and change it."""

from importlib.resources import files

from llmq.chat.terminal.commands.command import Command
from llmq.chat.terminal.talk import Talk
from llmq.spelling import did_you_mean

WRAP = "wrap"
SWITCH = {"on": True, "off": False}


def _model(talk: Talk, _words: str) -> None:
    talk.screen.table(talk.lesson.about_model())


def _profile(talk: Talk, words: str) -> None:
    if words:
        talk.lesson.use_profile(words)
    talk.screen.remark(f"profile: {talk.lesson.profile_name}")


def _profiles(_talk: Talk) -> dict[str, str]:
    folder = files("llmq.tutor") / "profiles"
    names = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
    return {name.removesuffix(".toml"): "" for name in names if name.endswith(".toml")}


def _system(talk: Talk, words: str) -> None:
    if words:
        talk.lesson.system = words
    talk.screen.tell(talk.lesson.system or "there is no system text")


def _values(talk: Talk) -> dict[str, str]:
    wrap = next(name for name, value in SWITCH.items() if value == talk.screen.wraps)
    return {**talk.lesson.values(), WRAP: wrap}


def _set(talk: Talk, words: str) -> None:
    name, _, text = words.partition(" ")
    values = _values(talk)
    if not words:
        talk.screen.table([("what", "now"), *values.items()])
        return
    if name not in values:
        hint = did_you_mean(name, values, otherwise=f"there are {', '.join(values)}")
        talk.screen.remark(f"there is nothing called {name!r} to set; {hint}")
        return
    if text and name == WRAP:
        if text.strip() not in SWITCH:
            talk.screen.remark(f"{WRAP} is {' or '.join(SWITCH)}, not {text.strip()!r}")
            return
        talk.screen.wraps = SWITCH[text.strip()]
    elif text:
        talk.lesson.change(name, text.strip())
    talk.screen.remark(f"{name}: {_values(talk)[name]}")


def _stats(talk: Talk, _words: str) -> None:
    talk.screen.table(talk.lesson.stats())


def _context(talk: Talk, _words: str) -> None:
    use = talk.lesson.context_use()
    rows = [(what, str(n), f"{n / use.limit:.0%}") for what, n in use.parts]
    total = ("together", str(use.used), f"{use.used / use.limit:.0%}")
    limit = ("there is room for", str(use.limit), "")
    talk.screen.table([("context", "tokens", "share"), *rows, total, limit])


COMMANDS = (
    Command(
        "/profile", "[NAME|FILE]", "show how the tutor teaches, or change it", _profile, _profiles
    ),
    Command(
        "/system", "[TEXT]", "show what the model is told about its part, or change it", _system
    ),
    Command("/set", "[NAME VALUE]", "show what can be set, or set it", _set, _values),
    Command("/model", "", "show which model speaks", _model),
    Command("/stats", "", "show how quickly replies come", _stats),
    Command("/context", "", "show how full the context is", _context),
)
