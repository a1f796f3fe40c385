"""llama.cpp's converter in one process for many models: most of its time is the start."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from scripts.peer.commands import SOURCE

# A pre-tokenizer is given by name, as in `scripts.peer.commands.DRIVER`.
SERVER = """
import io, json, logging, runpy, sys
peer = sys.argv[1]
sys.path[:0] = [peer, peer + "/gguf-py"]
from conversion.base import TextModel
log = io.StringIO()
logging.basicConfig(level=logging.ERROR, stream=log)
hashed, answers, sys.stdout = TextModel.get_vocab_base_pre, sys.stdout, sys.stderr
script = runpy.run_path(peer + "/convert_hf_to_gguf.py")
for line in sys.stdin:
    job = json.loads(line)
    pre = job["pre"]
    TextModel.get_vocab_base_pre = (lambda *_: pre) if pre else hashed
    sys.argv = ["convert_hf_to_gguf.py", *job["arguments"]]
    log.seek(0); log.truncate()
    try:
        script["main"]()
        said = ""
    except (Exception, SystemExit) as error:
        said = log.getvalue().strip() or repr(error)
    print(json.dumps(said), file=answers, flush=True)
"""


class ConverterProcess:
    """The converter, waiting for folders; a context manager."""

    def __enter__(self) -> "ConverterProcess":
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(SOURCE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self._process.communicate()

    def convert(
        self, folder: Path, output: Path, *, outtype: str, pre: str, options: tuple[str, ...] = ()
    ) -> str:
        """Convert one folder; what it says where it fails, or nothing."""
        arguments = [str(folder), "--outtype", outtype, "--outfile", str(output), *options]
        assert self._process.stdin  # a pipe, as the other
        assert self._process.stdout
        print(
            json.dumps({"arguments": arguments, "pre": pre}),
            file=self._process.stdin,
            flush=True,
        )
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"the converter died on {folder}")
        said: str = json.loads(answer)
        return said
