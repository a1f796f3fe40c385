"""Pictures of a real terminal: commands run on one, and its last screen becomes an SVG file.

    python -m scripts.draw_pictures

Each command of a picture runs on a pseudo-terminal, typed lines and all; pyte keeps the screen as a
terminal does (progress bars come and go), rich draws it. POSIX only: Windows has no such terminals.
"""

import io
import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "scripts" / "pictures"
COLUMNS, LINES = 100, 400
PROMPT = "you> "  # the chat waits for a line behind it
# What rich's drawing names of the network, fonts above all: a picture shall fetch nothing.
REMOTE = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """A command as a person types it, and the lines typed into it."""

    command: str
    typed: Sequence[str] = ()


CHAT = "llmq chat tutor-Q4_K_M.gguf --private --seed 1 --threads 1"
PICTURES: dict[str, Sequence[Shown]] = {
    "recipes": (Shown("llmq recipes tutor --device phone-4gb"),),
    "convert": (Shown("llmq convert tutor"),),
    "drift": (Shown("llmq drift tutor tutor-Q8_0.gguf tutor-Q4_K_M.gguf"),),
    "chat": (
        Shown(
            CHAT,
            ("/problem 3x+5=20", "Just tell me!", "/hint", "3x = 15", "x = 5", "/quit"),
        ),
    ),
}


def main() -> int:
    """Draw every picture, in a folder that holds the bundled tutor and what was made of it."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        workplace = Path(folder)
        (workplace / "tutor").symlink_to(REPOSITORY / "eval" / "tutor")
        subprocess.run(
            ["llmq", "convert", "tutor", "--recipe", "Q8_0"],
            cwd=workplace,
            env=_environment(),
            check=True,
            capture_output=True,
        )
        for name, commands in PICTURES.items():
            (FOLDER / f"{name}.svg").write_text(picture(commands, workplace), encoding="utf-8")
            print(f"scripts/pictures/{name}.svg", file=sys.stderr)
    return 0


def picture(commands: Sequence[Shown], workplace: Path) -> str:
    """The screen after the commands have run, as SVG."""
    screen = pyte.Screen(COLUMNS, LINES)
    screen.set_mode(pyte.modes.LNM)
    stream = pyte.ByteStream(screen)
    for shown in commands:
        stream.feed(f"$ {shown.command}\n".encode())
        _run(shown, workplace, screen, stream)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in _lines(screen):
        console.print(line, no_wrap=True)
    console.print()  # or the picture's frame cuts what hangs below the last line
    return REMOTE.sub("", console.export_svg(title="", unique_id="llmq"))


def _run(shown: Shown, workplace: Path, screen: pyte.Screen, stream: pyte.ByteStream) -> None:
    """Run one command on a terminal of its own; what it writes goes to the screen."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (LINES, COLUMNS))
    left = list(shown.typed)
    command = ["sh", "-c", shown.command]
    with subprocess.Popen(
        command, cwd=workplace, env=_environment(), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        while data := _read(ours):
            stream.feed(data)
            if left and _line(screen, screen.cursor.y).rstrip() == PROMPT.rstrip():
                os.write(ours, f"{left.pop(0)}\n".encode())
    os.close(ours)
    if process.returncode or left:
        raise SystemExit(f"{shlex.join(command)} ended with {process.returncode}")


def _line(screen: pyte.Screen, y: int) -> str:
    return "".join(screen.buffer[y][x].data for x in range(COLUMNS))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux tells the end of a pseudo-terminal so
        return b""


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "TERM": "xterm-256color"}


def _lines(screen: pyte.Screen) -> Iterator[Text]:
    """The lines of the screen down to the last that holds something, in their colours."""
    last = max(y for y in range(LINES) if _line(screen, y).strip())
    for y in range(last + 1):
        line = Text()
        for x in range(COLUMNS):
            char = screen.buffer[y][x]
            color = None if char.fg == "default" else _color(char.fg)
            line.append(char.data, Style(color=color, bold=char.bold))
        line.rstrip()
        yield line


def _color(name: str) -> str:
    """pyte's name of a colour as rich spells it: six hex digits, or a name."""
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    return {"brown": "yellow"}.get(name, name)


if __name__ == "__main__":
    sys.exit(main())
