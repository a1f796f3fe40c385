"""Layers on a device beside the processor, which is another process in place of a GPU."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llmq import convert
from llmq.children import environment
from llmq.runtime.how import ALL_LAYERS
from llmq_peer import second_device

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="built for Linux only"),
]

# In a process of its own: a device stays known until the process ends.
CLIENT = """
import json, sys
from pathlib import Path
from llmq.runtime import CHAT, EXACT, How, open_model
from llmq.runtime.binding import library
from llmq_peer.second_device import add_device

file, backend, port, *asked = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])
tokens = list(range(40, 140))

def run(how):
    with open_model(file, n_ctx=256, threads=1, how=how) as model:
        return model.logits(tokens), model

library()
alone = {how: run(how)[0] for how in (CHAT, EXACT)}
add_device(backend, port)
beside = all((run(how)[0] == logits).all() for how, logits in alone.items())
found = []
for layers in asked:
    logits, model = run(How(gpu_layers=layers))
    distance = abs(logits - alone[CHAT]).mean() / abs(logits).mean()
    found.append([model.how.gpu_layers, model.remark, float(distance)])
print(json.dumps({"same beside it": beside, "with layers on it": found}))
"""


@pytest.fixture(scope="module")
def backend(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = repository / "build" / "peer" / "llama.cpp"
    if not source.is_dir() or not shutil.which(second_device.COMPILER):
        pytest.skip("needs llama.cpp's source (scripts/fetch-peer) and a compiler")
    return second_device.compiled(source, tmp_path_factory.mktemp("rpc"))


@contextmanager
def served(backend: Path, *room: int) -> Iterator[int]:
    """The port at which the device is served."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-P", "-m", second_device.__name__, backend, port, *room]
    with subprocess.Popen(
        [*map(str, command)], env=environment(), stdout=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(port)
            yield port
        finally:
            server.kill()


def wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        assert time.monotonic() < end
        time.sleep(0.1)


def found_by_client(file: Path, backend: Path, port: int, *layers: int) -> dict[str, Any]:
    command = [
        sys.executable,
        "-P",
        "-c",
        CLIENT,
        str(file),
        str(backend),
        *map(str, (port, *layers)),
    ]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_layers_on_a_device_and_none_where_none_are_asked_for(
    backend: Path, repository: Path, tmp_path: Path
) -> None:
    file = convert(repository / "eval" / "tutor", tmp_path / "t.gguf", load_check=False)
    with served(backend) as port:
        found = found_by_client(file, backend, port, 2, ALL_LAYERS)
    assert found["same beside it"], "without --gpu-layers the processor computes all, to the bit"
    for (layers, remark, distance), asked in zip(
        found["with layers on it"], (2, ALL_LAYERS), strict=True
    ):
        assert (layers, remark) == (asked, "")
        assert 0 < distance < 0.05, "the weights are not laid out anew there"


def test_a_device_without_room_leaves_it_to_the_processor(
    backend: Path, repository: Path, tmp_path: Path
) -> None:
    tutor = repository / "eval" / "tutor"
    file = convert(tutor, tmp_path / "t.gguf", recipe="F32", load_check=False)
    with served(backend, file.stat().st_size // 4) as port:
        found = found_by_client(file, backend, port, ALL_LAYERS)
    layers, remark, distance = found["with layers on it"][0]
    assert (layers, distance) == (0, 0)
    assert remark.startswith("the GPU did not take it, so the CPU computes: llama.cpp cannot open")
