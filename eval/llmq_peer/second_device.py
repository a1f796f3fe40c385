"""A second device for llama.cpp on a machine without a GPU: its RPC backend, in another process.

llama.cpp takes the devices of that backend for GPUs: it puts layers there, computes them there, and
fails where they have no room. The backend is compiled from the source that scripts/fetch-peer puts
under build/peer, against the libraries that llama-cpp-python brings (Linux only).

    python -m llmq_peer.second_device LIBRARY PORT [BYTES]

serves the processor as such a device, with so many bytes of memory beyond what it has already.
"""

import ctypes
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

COMPILER = "c++"
STATUS = Path("/proc/self/status")


def compiled(source: Path, folder: Path) -> Path:
    """The backend as a library in `folder`; `source` is llama.cpp's."""
    ggml, library = source / "ggml", folder / "libggml-rpc.so"
    files = [ggml / "src" / "ggml-rpc" / name for name in ("ggml-rpc.cpp", "transport.cpp")]
    includes = [f"-I{path}" for path in (ggml / "include", ggml / "src", files[0].parent)]
    defines = ["-DGGML_SHARED", "-DGGML_BACKEND_SHARED", "-DGGML_BACKEND_BUILD"]
    links = [f"-L{_libraries()}", "-l:libggml-base.so.0", f"-Wl,-rpath,{_libraries()}", "-lpthread"]
    command = [COMPILER, "-std=c++17", "-O1", "-fPIC", "-shared", *defines, *includes]
    subprocess.run([*command, *map(str, files), "-o", str(library), *links], check=True)
    return library


def add_device(library: Path, port: int) -> None:
    """Make the device that is served at `port` known to this process's llama.cpp, for ever."""
    rpc, ggml = ctypes.CDLL(str(library)), _ggml()
    rpc.ggml_backend_rpc_add_server.restype = ctypes.c_void_p
    ggml.ggml_backend_register.argtypes = [ctypes.c_void_p]
    ggml.ggml_backend_register(rpc.ggml_backend_rpc_add_server(_address(port)))


def serve(library: Path, port: int, n_bytes: int | None) -> None:
    """Serve the processor until the process ends."""
    rpc, ggml = ctypes.CDLL(str(library)), _ggml()
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    devices = (ctypes.c_void_p * 1)(ggml.ggml_backend_dev_get(0))
    if n_bytes is not None:
        import resource

        lines = STATUS.read_text().splitlines()
        held = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmSize"))
        resource.setrlimit(resource.RLIMIT_AS, (held + n_bytes,) * 2)
    start = rpc.ggml_backend_rpc_start_server
    start.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t]
    start.argtypes += [ctypes.c_void_p]
    start(_address(port), None, 1, 1, devices)


def _address(port: int) -> bytes:
    return f"127.0.0.1:{port}".encode()


def _ggml() -> Any:
    """The library that holds llama.cpp's list of devices, as libllama loads it."""
    for name in ("libggml-base.so.0", "libggml-cpu.so.0"):
        ctypes.CDLL(str(_libraries() / name), mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(str(_libraries() / "libggml.so.0"), mode=ctypes.RTLD_GLOBAL)


def _libraries() -> Path:
    package = importlib.util.find_spec("llama_cpp")
    assert package
    assert package.submodule_search_locations
    return Path(package.submodule_search_locations[0]) / "lib"


if __name__ == "__main__":
    library, port, *room = sys.argv[1:]
    serve(Path(library), int(port), int(room[0]) if room else None)
