"""Profiles: those that are built in, and a teacher's own."""

from pathlib import Path

import pytest

from llmq.errors import ProfileError
from llmq.tutor.profile import BUILT_IN, profile_named


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_profiles_are_read(name: str) -> None:
    assert profile_named(name).persona.strip()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("words = 1\npersona = 'x'", "words is 1, and has to be a str"),
        ("words = 'w'", "persona is missing"),
        ("words = 'w'\npersona = 'x'\nanswer_afer = 3", "did you mean answer_after?"),
        ("words = 'w'\npersona = 'x'\nanswer_after = 1", "has to be from 2 to 20"),
        ("words = 'w'\npersona = 'x'\ntell = 'at once'", "one of after, never, free"),
        ("words = 'w'\npersona = ''", "persona is empty"),
        ("words =", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_line(text: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError, match=complaint) as caught:
        profile_named(str(file))
    assert "\n" not in str(caught.value)


def test_a_teachers_profile(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("words = 'w'\npersona = 'Be kind.'\nanswer_after = 4\n", encoding="utf-8")
    assert profile_named(str(file)).answer_after == 4
    with pytest.raises(ProfileError, match=r"did you mean socratic\?"):
        profile_named("socrates")
