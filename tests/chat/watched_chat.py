"""`llmq` in a process that may open no socket of the internet: `python watched_chat.py chat FILE`.

The kernel kills the process at the first one, whoever asks for it; Python's own, and whatever looks
up a name or connects, is printed on standard error besides. With "--probe" in place of arguments
it opens a socket itself, to show that this is so.
"""

import sys

from llmq_eval.gate.sockets import forbid

WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
UNWATCHED, HEARD = "unwatched: ", "network: "


def heard(event: str, arguments: tuple[object, ...]) -> None:
    """Report what reaches for the network."""
    if event == "socket.__new__":
        import socket

        if arguments[1] in (-1, socket.AF_INET, socket.AF_INET6):
            print(f"{HEARD}{event} {arguments[1:]}", file=sys.stderr, flush=True)
    elif event in WATCHED:
        print(f"{HEARD}{event} {arguments[1:]}", file=sys.stderr, flush=True)


def main() -> int:
    """Watch, and let `llmq` do what it is told."""
    sys.addaudithook(heard)
    if why := forbid():  # before llama.cpp and NumPy, so that their threads are under it
        print(f"{UNWATCHED}{why}", file=sys.stderr, flush=True)
    if sys.argv[1:] == ["--probe"]:
        import socket

        socket.socket(socket.AF_INET6).close()
        return 0
    from llmq.cli import main as llmq

    return llmq(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
