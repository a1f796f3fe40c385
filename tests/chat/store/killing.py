"""Kill chats in the middle of their writing, and count what they lose; a process of its own.

    python killing.py FOLDER N_KILLS SEED

Each child opens the store, writes turns, and reports every one that it was promised is kept. It is
killed at a random time; then the store is opened and has to hold what was promised. Prints how
many turns were promised and how many more were kept.
"""

import os
import signal
import sys
import time
from pathlib import Path
from random import Random

from llmq.chat.store import Store


def write_turns(folder: Path, name: str, report: int) -> None:
    """A chat that never ends by itself, with a deletion now and then."""
    with Store.open(folder) as store:
        session = store.begin(name, "tutor.gguf", "socratic", "built-in").id
        os.write(report, b"begun\n")
        for n in range(1, 100_000):
            store.add_turn(session, "user", f"{name} {n} " * (1 + n % 50))
            os.write(report, b"turn\n")
            store.save_state(session, f'{{"n": {n}}}')
            if n % 20 == 0:
                store.forget(store.begin("for a moment", "", "", "").id)


def kill_one(folder: Path, name: str, seconds: float) -> tuple[int, int]:
    """How many turns a chat was promised before it was killed, and how many were kept."""
    reading, report = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        write_turns(folder, name, report)
        os._exit(1)
    os.close(report)
    with os.fdopen(reading, "rb") as lines:
        first = lines.readline()
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        promised = lines.read().count(b"turn\n")
    assert first == b"begun\n"
    with Store.open(folder) as store:
        session = store.find(name)
        assert session is not None
        turns = store.turns(session.id)
        for n, turn in enumerate(turns, 1):
            assert (turn.n, turn.text) == (n, f"{name} {n} " * (1 + n % 50)), (name, n)
        if len(turns) > 1:
            assert store.state(session.id) is not None
    return promised, len(turns)


def main() -> None:
    """Kill as often as asked; the store is begun anew every 50 times, so that it stays quick."""
    folder, rng = Path(sys.argv[1]), Random(int(sys.argv[3]))
    n_promised, n_more = 0, 0
    for n in range(int(sys.argv[2])):
        promised, kept = kill_one(folder / str(n // 50), f"chat {n}", rng.uniform(0, 0.04))
        assert promised <= kept <= promised + 1, f"chat {n}: {promised} promised, {kept} kept"
        n_promised, n_more = n_promised + promised, n_more + kept - promised
    print(n_promised, n_more)


if __name__ == "__main__":
    main()
