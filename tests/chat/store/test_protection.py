"""Nobody else reads the file, and nothing in it, whoever wrote it, does harm."""

import os
import stat
from pathlib import Path

import pytest

from llmq.chat.store import Store
from llmq.chat.store.places import FILE_NAME
from llmq.errors import StoreError
from tests.chat.store.stored import begun, changed

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")


@posix
def test_no_one_else_can_read_it_at_any_umask(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "llmq"
    before = os.umask(0)
    try:
        with Store.open(folder) as store:
            session = begun(store)
            assert store.remark == ""
            with store._database.changing() as changing:  # so that there is a journal to look at
                changing.execute("UPDATE sessions SET name = 'other'")
                modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}
            store.add_turn(session, "user", "Hello")
    finally:
        os.umask(before)
    assert modes == {FILE_NAME: 0o600, f"{FILE_NAME}-journal": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / FILE_NAME).chmod(0o644)
    folder.chmod(0o755)
    Store.open(folder).close()
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@posix
def test_a_place_of_others_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(StoreError, match="shared by all users: name a folder of your own"):
        Store.open(shared)
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="LLMQ_DATA"):
        Store.open(linked)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "llmq").write_text("")
    with pytest.raises(StoreError, match=r"cannot be kept in .*--private"):
        Store.open(tmp_path / "llmq")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 99", "format 99, this one reads 1"),
        ("PRAGMA application_id = 7", "is another program's"),
        ("DROP TABLE turns", "is damaged"),
    ],
)
def test_another_ones_file_is_told_in_one_line(
    tmp_path: Path, statement: str, message: str
) -> None:
    Store.open(tmp_path).close()
    changed(tmp_path, statement)
    with pytest.raises(StoreError, match=message) as told:
        Store.open(tmp_path).latest()
    assert "\n" not in str(told.value)
    assert "--private" in str(told.value)


@pytest.mark.parametrize("damage", ["text", "cut", "overwritten"])
def test_a_damaged_file_is_told_in_one_line(tmp_path: Path, damage: str) -> None:
    with Store.open(tmp_path) as store:
        session = begun(store)
        for n in range(100):
            store.add_turn(session, "user", f"turn {n} " * 40)
    file = tmp_path / FILE_NAME
    data = file.read_bytes()
    file.write_bytes(
        {
            "text": b"these are no chats at all" * 100,
            "cut": data[: len(data) // 2],
            "overwritten": data[:4096] + b"\xa5" * (len(data) - 4096),
        }[damage]
    )
    with pytest.raises(StoreError, match=r"is damaged .*: move it away") as told:
        Store.open(tmp_path)
    assert "\n" not in str(told.value)


def test_what_is_read_is_safe_whoever_wrote_it(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        session = begun(store)
        store.add_turn(session, "user", "Hello")
        store.save_learner("c", "{}")
    hostile = "'a' || char(27) || '[2J' || char(155) || '31m' || char(8238) || 'b'"
    escaped = r"""'{"k\u001b[2J": ["a\u001b]0;x\u0007b", {"t": 1}]}'"""
    changed(
        tmp_path,
        f"UPDATE sessions SET name = {hostile}, model = {hostile}, profile = x'1b5b324a61ff',"
        f" course = 7, state = {escaped}, begun = 9e99",
        f"UPDATE turns SET text = {hostile}, role = {hostile}, kind = {hostile}, at = 'noon'",
        "UPDATE learners SET state = '[1'",
    )
    with Store.open(tmp_path) as store:
        record, turn = store.sessions()[0], store.turns(session)[0]
        assert (record.name, record.model, record.course) == ("ab", "ab", "7")
        assert record.profile == "a\N{REPLACEMENT CHARACTER}"
        assert (turn.text, turn.role, turn.kind) == ("ab", "ab", "ab")
        assert record.begun.year == turn.at.year == 1970
        assert store.state(session) == '{"k": ["ab", {"t": 1}]}'
        with pytest.raises(StoreError, match=r"is damaged: /forget"):
            store.learner("c")
