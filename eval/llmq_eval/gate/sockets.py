"""Watching a process for sockets of the internet: by Python's audit hooks, and by the kernel.

`watched()` sees what Python code of this process opens, on every platform. `forbid()` asks the
Linux kernel to kill the process at socket(AF_INET) or socket(AF_INET6), whoever calls it: a library
of C as well, in every thread and every process that is started later. It cannot be undone, so it is
for a process of its own (`llmq_eval.gate.watched_reply`). io_uring, by which sockets could be had
past that, is answered as if the kernel had none.

The filter is a classic BPF program over `struct seccomp_data` (linux/seccomp.h; prctl(2)).
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

FAMILIES = {2: "AF_INET", 10: "AF_INET6"}  # Linux's numbers: what the filter compares
KILLED = getattr(signal, "SIGSYS", 31)
IO_URING_SETUP = 425  # the same on both
X32_CALLS = 0x40000000  # x86-64 takes these as calls of another ABI, with other numbers

# linux/bpf_common.h and linux/seccomp.h
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, KILL_PROCESS, ANSWER = 0x7FFF0000, 0x80000000, 0x00050000
CALL, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER_MODE = 22, 38, 2

_listeners: list[Callable[[str], object]] = []


class Machine(NamedTuple):
    """AUDIT_ARCH_* of linux/audit.h, and the number of socket(2) there."""

    architecture: int
    socket: int


MACHINES = {"x86_64": Machine(0xC000003E, 41), "aarch64": Machine(0xC00000B7, 198)}


@contextmanager
def watched() -> Iterator[list[str]]:
    """The families of the internet sockets that Python code of this process opens meanwhile."""
    found: list[str] = []
    with listening(found.append):
        yield found


@contextmanager
def listening(heard: Callable[[str], object]) -> Iterator[None]:
    """Call `heard` with the family of each such socket, before it is opened."""
    _listen()
    _listeners.append(heard)
    try:
        yield
    finally:
        _listeners.remove(heard)


@cache
def _listen() -> None:
    """A hook stays as long as the process does, so there is one for all."""
    sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.__new__" or not _listeners:
        return
    import socket

    internet = {-1: "AF_INET", int(socket.AF_INET): "AF_INET", int(socket.AF_INET6): "AF_INET6"}
    family = internet.get(int(arguments[1]))  # type: ignore[call-overload]  # of (self, family, type, protocol)
    if family:
        for heard in [*_listeners]:
            heard(family)


def why_not() -> str:
    """Why there can be no filter on this machine; nothing where there can."""
    if sys.platform != "linux":
        return f"{platform.system() or sys.platform} has no filter of system calls"
    if platform.machine() not in MACHINES or sys.maxsize < 2**32:
        return f"there is no filter for a {platform.machine()} process"
    return ""


def forbid() -> str:
    """From here on, a socket of the internet ends this process; why not, or nothing if it is so."""
    if why_not():
        return why_not()
    steps = b"".join(_steps(MACHINES[platform.machine()]))
    program = ctypes.create_string_buffer(steps, len(steps))
    size = struct.calcsize("HBBI")
    counted = ctypes.create_string_buffer(
        struct.pack("HP", len(steps) // size, ctypes.addressof(program))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, FILTER_MODE, ctypes.addressof(counted), 0, 0),
    ):
        if libc.prctl(*map(ctypes.c_ulong, arguments)):
            return f"the kernel takes no filter ({os.strerror(ctypes.get_errno())})"
    return ""


def _steps(machine: Machine) -> Iterator[bytes]:
    """The instructions: (code, steps to skip if so, if not, operand)."""
    families = sorted(FAMILIES)
    yield _step(LOAD, 0, 0, ARCHITECTURE)
    yield _step(EQUAL, 1, 0, machine.architecture)
    yield _step(RETURN, 0, 0, KILL_PROCESS)
    yield _step(LOAD, 0, 0, CALL)
    yield _step(AT_LEAST, 0, 1, X32_CALLS)
    yield _step(RETURN, 0, 0, KILL_PROCESS)
    yield _step(EQUAL, 0, 1, IO_URING_SETUP)
    yield _step(RETURN, 0, 0, ANSWER | errno.ENOSYS)
    yield _step(EQUAL, 1, 0, machine.socket)
    yield _step(RETURN, 0, 0, ALLOW)
    yield _step(LOAD, 0, 0, FIRST_ARGUMENT)
    for family in families:
        yield _step(EQUAL, 0, 1, family)
        yield _step(RETURN, 0, 0, KILL_PROCESS)
    yield _step(RETURN, 0, 0, ALLOW)


def _step(code: int, if_so: int, if_not: int, operand: int) -> bytes:
    return struct.pack("HBBI", code, if_so, if_not, operand)
