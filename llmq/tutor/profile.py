"""How a tutor teaches, as a teacher can set it: a few fields of a TOML file, read strictly."""

import tomllib
from dataclasses import MISSING, dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from llmq.errors import ProfileError
from llmq.spelling import did_you_mean
from llmq.tutor.moves import Level

BUILT_IN = ("socratic", "explainer", "quiz")
TELLS = ("after", "never", "free")
MOST_CHARACTERS = 8000


@dataclass(frozen=True)
class Profile:
    """How a tutor teaches.

    `persona` is what the model is told about itself. An answer is told after `answer_after` honest
    attempts, when it is asked for or failed again; with `tell` "never" it is not, with "free" it is
    told to whoever asks. `start_level` is
    the rung of the ladder that an exercise begins on. `goes_on`: the next exercise follows a right
    answer by itself.
    """

    name: str
    words: str
    persona: str
    answer_after: int = 2
    tell: str = "after"
    start_level: int = 0
    goes_on: bool = False


RANGES = {"answer_after": range(2, 21), "start_level": range(Level.ANSWER)}


def profile_named(name: str) -> Profile:
    """A built-in profile, or that of a TOML file. Raises ProfileError.

    >>> profile_named("quiz").goes_on, profile_named("socratic").answer_after
    (True, 2)
    """
    if name in BUILT_IN:
        text = (files("llmq.tutor") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
        return _read(text, name, f"{name}.toml")
    path = Path(name)
    if path.suffix != ".toml":
        hint = did_you_mean(name, BUILT_IN, otherwise=f"there are {', '.join(BUILT_IN)}")
        raise ProfileError(
            f"there is no profile {name!r}; {hint}, or name a file that ends in .toml"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ProfileError(f"cannot read the profile {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ProfileError(f"the profile {path} is no UTF-8 text: save it as UTF-8") from error
    return _read(text, path.stem, str(path))


def _read(text: str, name: str, place: str) -> Profile:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{place} is not valid TOML: {error}") from error
    known = {field.name: field for field in fields(Profile) if field.name != "name"}
    for key, value in table.items():
        if key not in known:
            hint = did_you_mean(key, known, otherwise=f"known are {', '.join(known)}")
            raise ProfileError(f"{place}: there is no setting {key!r}; {hint}")
        _check(key, value, known[key].type, place)
    for key, field in known.items():
        if key not in table and field.default is MISSING:
            raise ProfileError(f'{place}: {key} is missing; write {key} = "..."')
    return Profile(name, **table)


def _check(key: str, value: Any, kind: Any, place: str) -> None:
    allowed = RANGES.get(key)
    if type(value) is not kind:
        raise ProfileError(f"{place}: {key} is {value!r}, and has to be a {kind.__name__}")
    if allowed is not None and value not in allowed:
        raise ProfileError(
            f"{place}: {key} is {value}, and has to be from {allowed[0]} to {allowed[-1]}"
        )
    if key == "tell" and value not in TELLS:
        raise ProfileError(f"{place}: tell is {value!r}, and has to be one of {', '.join(TELLS)}")
    if isinstance(value, str) and (not value.strip() or len(value) > MOST_CHARACTERS):
        raise ProfileError(f"{place}: {key} is empty or longer than {MOST_CHARACTERS} characters")
