"""The lesson that `llmq chat` opens."""

import argparse
import random
from collections.abc import Sequence

from llmq.chat.desk import Desk
from llmq.chat.notebook import Notebook
from llmq.chat.speaking import ModelSpeaker
from llmq.chat.store import Store, default_folder
from llmq.chat.summary import teller
from llmq.errors import one_line
from llmq.tutor.course import built_in_course, read_course
from llmq.tutor.profile import profile_named

DEFAULT_PROFILE = "socratic"


def lesson_of(arguments: argparse.Namespace, speaker: ModelSpeaker, remarks: Sequence[str]) -> Desk:
    """A lesson as it is asked for, whose replies `speaker` words."""
    profile = profile_named(arguments.profile or DEFAULT_PROFILE)
    course = read_course(arguments.course) if arguments.course else built_in_course()
    store = Store.open(None if arguments.private else default_folder())
    model = one_line(speaker.model.path.name)
    notebook = Notebook(store, model, profile.name, course, arguments.session or "")
    seed = random.randrange(2**32) if arguments.seed is None else arguments.seed
    desk = Desk(speaker, profile, notebook, remarks=remarks, seed=seed)
    desk.system = system_of(arguments)
    desk.settings.max_tokens = arguments.max_tokens
    desk.tell = teller(speaker)
    if arguments.resume or (arguments.session and store.find(arguments.session)):
        desk.resume(arguments.session)
    return desk


def system_of(arguments: argparse.Namespace) -> str:
    """What the model is told of its part."""
    if arguments.system is not None:
        return str(arguments.system)
    return profile_named(arguments.profile or DEFAULT_PROFILE).persona.strip()
