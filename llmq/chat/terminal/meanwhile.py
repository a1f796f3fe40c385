"""What is typed or pasted while a reply runs: read at once, so that no terminal holds it up."""

import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prompt_toolkit.input import Input
from prompt_toolkit.input.typeahead import store_typeahead
from prompt_toolkit.key_binding import KeyPress


@contextmanager
def typing_read(keyboard: Input) -> Iterator[None]:
    """What is typed in here is the beginning of what the next prompt reads.

    The same parser reads it, so that a paste may begin in here and end at the prompt. On Windows
    the console keeps it.
    """
    if os.name == "nt":
        yield
        return
    keys: list[KeyPress] = []
    wake, waker = os.pipe()
    thread = threading.Thread(target=_read, args=(keyboard, wake, keys), daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.write(waker, b"!")
        thread.join()
        os.close(wake)
        os.close(waker)
        store_typeahead(keyboard, keys)


def _read(keyboard: Input, wake: int, keys: list[KeyPress]) -> None:
    """Gather keys until `wake` can be read."""
    while not keyboard.closed:
        ready, _, _ = select.select([keyboard.fileno(), wake], [], [])
        if keyboard.fileno() in ready:
            keys += keyboard.read_keys()
        elif wake in ready:
            return
