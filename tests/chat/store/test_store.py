"""What is kept comes back, safe to print; what is forgotten is in no file."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from llmq.chat.store import Store, default_folder
from llmq.chat.store.places import FILE_NAME
from llmq.errors import StoreError
from tests.chat.store.stored import begun, changed, files_of

SECRET = "the elephant in the classroom"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "llmq") as store:
        yield store


@pytest.mark.parametrize("private", [True, False])
def test_what_is_kept_comes_back(tmp_path: Path, private: bool) -> None:
    folder = None if private else tmp_path / "llmq"
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with Store.open(folder) as store:
        session = store.begin("fractions", "tutor.gguf", "socratic", "built-in")
        assert store.add_turn(session.id, "user", "Is it ¾?\nI think so 👩‍🏫", at=at) == 1
        assert store.add_turn(session.id, "assistant", "Why?", kind="hint") == 2
        turns = store.turns(session.id)
        assert [(t.n, t.role, t.kind, t.text) for t in turns] == [
            (1, "user", "", "Is it ¾?\nI think so 👩‍🏫"),
            (2, "assistant", "hint", "Why?"),
        ]
        assert turns[0].at == at
        assert store.private is private
        assert store.state(session.id) is None is store.learner("built-in")
        store.save_state(session.id, '{"level": 2}')
        store.save_learner("built-in", '{"half": 0.4}')
        store.save_learner("built-in", '{"half": 0.5}')
        assert store.state(session.id) == '{"level": 2}'
        assert store.learner("built-in") == '{"half": 0.5}'
        latest = store.latest()
        assert latest is not None
        assert (latest.id, latest.name, latest.n_turns) == (session.id, "fractions", 2)


def test_private_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMQ_DATA", str(tmp_path / "llmq"))
    monkeypatch.chdir(tmp_path)
    with Store.open(None) as store:
        store.add_turn(begun(store), "user", SECRET)
        store.forget()
        assert store.sessions() == []
    assert list(tmp_path.iterdir()) == []


def test_turns_are_replaced_and_dropped(store: Store) -> None:
    session = begun(store)
    for text in ("one", "two", "three", "four"):
        store.add_turn(session, "user", text, kind="free")
    store.replace_last(session, "FOUR")
    assert [t.text for t in store.turns(session)] == ["one", "two", "three", "FOUR"]
    assert store.turns(session)[-1].kind == "free"
    store.drop_turns(session, 2)
    assert [t.text for t in store.turns(session)] == ["one"]
    assert store.add_turn(session, "user", "again") == 2


def test_sessions_are_found_by_name_the_last_used_first(store: Store) -> None:
    first, second = begun(store, "algebra"), begun(store, "ratios")
    third = begun(store, "algebra")
    store.add_turn(first, "user", "back to this one")
    assert [s.id for s in store.sessions()] == [first, third, second]
    found, latest = store.find("algebra"), store.latest()
    assert found is not None
    assert found.id == first
    assert found == latest
    assert store.find("geometry") is None
    assert begun(store, "") not in (first, second, third)
    assert found.name == "algebra"
    assert store.sessions()[0].name, "its time"


def test_forgetting_leaves_no_byte(tmp_path: Path) -> None:
    folder = tmp_path / "llmq"
    with Store.open(folder) as store:
        kept, gone = begun(store, "kept"), begun(store, SECRET)
        for n in range(60):  # over many pages, some of them shared with what is kept
            store.add_turn(gone, "user", f"{SECRET} {n} " * (1 + n % 7) * 20)
            store.add_turn(kept, "user", f"kept {n}")
        store.replace_last(gone, f"{SECRET} once more")
        store.save_state(gone, f'{{"said": "{SECRET}"}}')
        assert SECRET.encode() in files_of(folder)
        store.forget(gone)
        assert SECRET.encode() not in files_of(folder), "also while the store is open"
        assert len(store.turns(kept)) == 60
        store.save_learner("course", f'{{"said": "{SECRET}"}}')
        store.forget()
        assert store.sessions() == []
        assert store.learner("course") is None
    assert SECRET.encode() not in files_of(folder)
    assert b"kept" not in files_of(folder)
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_what_another_chat_forgot_is_not_written_again(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, Store.open(tmp_path) as other:
        session = begun(store)
        other.forget(session)
        for write in (
            lambda: store.add_turn(session, "user", "Hello"),
            lambda: store.save_state(session, "{}"),
            lambda: store.replace_last(session, "Hello"),
        ):
            with pytest.raises(StoreError, match=r"forgotten.*/new"):
                write()
        assert begun(store) != session


def test_old_sessions_go(tmp_path: Path) -> None:
    folder = tmp_path / "llmq"
    with Store.open(folder) as store:
        old, new = begun(store, SECRET), begun(store, "new")
    days_29, days_31 = ((datetime.now(UTC) - timedelta(days=days)).timestamp() for days in (29, 31))
    changed(folder, f"UPDATE sessions SET used = {days_29} WHERE id = {old}")
    with Store.open(folder) as store:
        assert {s.id for s in store.sessions()} == {old, new}
    changed(folder, f"UPDATE sessions SET used = {days_31} WHERE id = {old}")
    with Store.open(folder) as store:
        assert [s.id for s in store.sessions()] == [new]
    assert SECRET.encode() not in files_of(folder)


def test_half_characters_are_kept_as_question_marks(store: Store) -> None:
    session = begun(store, "name\udcff")
    store.add_turn(session, "user", "a\udcffb")
    store.save_state(session, '{"a": "\udcff"}')
    assert store.turns(session)[0].text == "a?b"
    assert store.state(session) == '{"a": "?"}'


def test_two_chats_at_once(tmp_path: Path) -> None:
    """Each writes to a session of its own and to one that they share; nothing is lost."""
    with Store.open(tmp_path) as store:
        common = begun(store, "common")

    def chat(name: str) -> None:
        with Store.open(tmp_path) as store:
            own = begun(store, name)
            for n in range(40):
                store.add_turn(own, "user", f"{name} {n}")
                store.add_turn(common, "user", f"{name} {n}")
                store.save_learner("course", f'{{"by": "{name}"}}')

    threads = [threading.Thread(target=chat, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store.open(tmp_path) as store:
        turns = store.turns(common)
        assert [turn.n for turn in turns] == list(range(1, 81))
        for name in ("a", "b"):
            expected = [f"{name} {n}" for n in range(40)]
            assert [turn.text for turn in turns if turn.text.startswith(name)] == expected
            own = store.find(name)
            assert own is not None
            assert [turn.text for turn in store.turns(own.id)] == expected


def test_one_store_serves_several_threads(store: Store) -> None:
    session = begun(store)
    threads = [
        threading.Thread(target=lambda: [store.add_turn(session, "user", "x") for _ in range(20)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [turn.n for turn in store.turns(session)] == list(range(1, 61))


def test_the_folder_is_the_platforms_or_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMQ_DATA", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("LLMQ_DATA")
    assert default_folder().name == "llmq"
    assert default_folder().is_absolute()
