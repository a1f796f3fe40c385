"""What the system says of memory, beside what psutil reads."""

from mmap import mmap
from pathlib import Path

import psutil
import pytest

from llmq import machine_memory
from llmq.machine_memory import available_bytes, process_bytes


def test_what_is_left_is_about_what_psutil_says() -> None:
    available = available_bytes()
    assert available is not None
    assert 0 < available <= psutil.virtual_memory().total
    if machine_memory._left_in_group() is None:
        assert available == pytest.approx(psutil.virtual_memory().available, rel=0.3)


def test_what_the_process_takes_is_what_psutil_says_and_grows() -> None:
    before = process_bytes()
    assert before is not None
    assert before == pytest.approx(psutil.Process().memory_info().rss, rel=0.3)
    with mmap(-1, 50_000_000) as pages:  # fresh ones: the heap may have room of earlier tests left
        pages.write(bytes(len(pages)))
        after = process_bytes()
        assert after is not None
        assert after >= before + 0.8 * len(pages)


@pytest.mark.parametrize(
    ("limit", "left"), [("max", None), ("1000", 700), ("300", 0), ("nonsense", None)]
)
def test_the_limit_of_a_container_counts_without_what_is_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, left: int | None
) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text("500\n")
    (tmp_path / "memory.stat").write_text("anon 300\ninactive_file 200\n")
    monkeypatch.setattr(machine_memory, "CGROUP", tmp_path)
    assert machine_memory._left_in_group() == left
