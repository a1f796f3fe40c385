"""Reading a policy: a small TOML file, read strictly.

name = "our school"
description = "what we let onto the tablets"
mandatory = ["fidelity", "skill"]
may_skip = ["tensor hashes"]    # checks that may go unanswered, as of files of other programs
lock_alpha = 0.01
[limits]
mean_kl_nats = { at_most = 0.05, at_most_in_subjects = 0.1 }
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

from llmq.errors import EvidenceError
from llmq.files.plain import check_plain
from llmq.spelling import did_you_mean
from llmq_eval.gate.evidence import AXES, Axis
from llmq_eval.gate.figures import FIGURES, Figure
from llmq_eval.gate.integrity import HASHES, UNQUANTIZED
from llmq_eval.gate.policy import LOCK_ALPHA, Limit, Policy
from llmq_eval.gate.privacy import ANY, PYTHON
from llmq_eval.gate.same_text import TEXT_CHECKS

BUILTIN_POLICIES = ("4-bit", "8-bit")
LARGEST_BYTES = 1 << 14  # tomllib takes long over thousands of dots
LARGEST = 1e15  # of a limit
KEYS = ("name", "description", "mandatory", "may_skip", "lock_alpha", "limits")
# What a policy may let go unanswered; all other checks have an answer.
SKIPPABLE = (UNQUANTIZED, HASHES, *TEXT_CHECKS, PYTHON, ANY)
LIMITLESS: tuple[Axis, ...] = ("integrity", "device", "privacy")  # checks, and a device's profile


def read_policy(policy: str) -> Policy:
    """The built-in policy of this name, or that in the file. Raises EvidenceError."""
    if policy in BUILTIN_POLICIES:
        text = (files("llmq_eval.gate") / "policies" / f"{policy}.toml").read_text("utf-8")
        return _parsed(text, f"{policy}.toml")
    path = Path(policy)
    if not path.exists():
        known = f"built in are {', '.join(BUILTIN_POLICIES)}"
        hint = did_you_mean(policy, BUILTIN_POLICIES, n=2, otherwise=known)
        raise EvidenceError(f"there is no policy {policy}; {hint}")
    check_plain(path, EvidenceError)
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise EvidenceError(
                f"{policy} is too large for a policy: more than {LARGEST_BYTES} bytes"
            )
        return as_known(_parsed(path.read_bytes().decode("utf-8"), policy))
    except OSError as error:
        raise EvidenceError(f"cannot read the policy {policy}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EvidenceError(
            f"{policy} is not UTF-8 text: byte {error.start} does not fit"
        ) from None


def as_known(policy: Policy) -> Policy:
    """The policy, under the name of a built-in one only where it says what this version's says."""
    if policy.name not in BUILTIN_POLICIES or policy.sha256 == read_policy(policy.name).sha256:
        return policy
    return replace(policy, name=f"{policy.name} (not this version's)")


def policy_of(record: Mapping[str, Any], where: str) -> Policy:
    """The policy that a table of TOML or JSON holds. Raises EvidenceError."""
    _check_keys(record, KEYS, where)
    missing = [key for key in ("name", "mandatory", "limits") if key not in record]
    if missing:
        _refuse(where, f"{missing[0]!r} is missing")
    limits = record["limits"]
    if not isinstance(limits, Mapping):
        _refuse(where, f"'limits' must be a table of figures, not {_kind(limits)}")
    _check_keys(limits, FIGURES, where, "figure")
    policy = Policy(
        _text(record, "name", where),
        _text(record, "description", where),
        tuple(_axes(record["mandatory"], where)),
        {name: _limit(limit, FIGURES[name], f"{where}: {name}") for name, limit in limits.items()},
        tuple(_skipped(record.get("may_skip", []), where)),
        _number(record.get("lock_alpha", LOCK_ALPHA), "lock_alpha", where),
    )
    if not 0 < policy.lock_alpha <= 0.5:
        _refuse(where, f"'lock_alpha' is {policy.lock_alpha:g}; it must be above 0, at most 0.5")
    for axis in policy.mandatory:
        if axis not in LIMITLESS and not any(FIGURES[name].axis == axis for name in limits):
            named = ", ".join(name for name, figure in FIGURES.items() if figure.axis == axis)
            _refuse(where, f"the axis {axis!r} is mandatory but has no limit; limit one of {named}")
    return policy


def _parsed(text: str, where: str) -> Policy:
    try:
        return policy_of(tomllib.loads(text), where)
    except RecursionError:
        raise EvidenceError(f"{where}: nested too deeply for a policy") from None
    except tomllib.TOMLDecodeError as error:
        raise EvidenceError(f"{where} is not valid TOML: {error}") from None


def _limit(record: object, figure: Figure, where: str) -> Limit:
    names = tuple(Limit.__dataclass_fields__)
    if not isinstance(record, Mapping) or not record:
        _refuse(where, "a limit such as { at_most = 0.1 } is expected")
    _check_keys(record, names, where)
    limit = Limit(**{key: _number(record[key], key, where) for key in names if key in record})
    _check_possible(limit, figure, where)
    for low, high in ((limit.at_least, limit.at_most), _ends(limit.in_subjects())):
        if low is not None and high is not None and low > high:
            _refuse(where, f"at least {low:g} and at most {high:g} leave nothing between them")
    return limit


def _check_possible(limit: Limit, figure: Figure, where: str) -> None:
    """Refuse what is kept by any file or by none, such as percents where a share is meant."""
    for key, x in asdict(limit).items():
        if x is None:
            continue
        least, most = figure.least, figure.most
        never, always = (x < least, x >= most) if "most" in key else (x > most, x <= least)
        if never or always:
            lies = f"from {least:g} " + (f"to {most:g}" if most < math.inf else "up")
            share = x / figure.unit.factor
            remedy = f"for {x:g}{figure.unit.in_cell} write {share:g}"
            if not least < share < most:
                remedy = "leave it out" if always else f"name one {lies}"
            kept = f"is {'always' if always else 'never'} kept, as the figure lies {lies}"
            _refuse(where, f"{key!r} of {x:g} {kept}; {remedy}")


def _ends(limit: Limit) -> tuple[float | None, float | None]:
    return limit.at_least, limit.at_most


def _axes(found: object, where: str) -> Sequence[Axis]:
    names = _texts(found, "mandatory", where)
    for name in names:
        if name not in AXES:
            known = f"known are {', '.join(AXES)}"
            _refuse(
                where, f"there is no axis {name!r}; {did_you_mean(name, AXES, otherwise=known)}"
            )
    if not names:
        _refuse(where, "'mandatory' names no axis: then a file would pass with nothing measured")
    return [axis for axis in AXES if axis in names]


def _skipped(found: object, where: str) -> list[str]:
    names = _texts(found, "may_skip", where)
    for name in names:
        if name not in SKIPPABLE:
            known = f"known are {', '.join(SKIPPABLE)}"
            hint = did_you_mean(name, SKIPPABLE, otherwise=known)
            _refuse(where, f"there is no check {name!r} that may be skipped; {hint}")
    return names


def _texts(found: object, key: str, where: str) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        _refuse(where, f"{key!r} must be a list of names")
    return [*found]


def _text(record: Mapping[str, Any], key: str, where: str) -> str:
    value = record.get(key, "")
    if not isinstance(value, str):
        _refuse(where, f"{key!r} must be text, not {_kind(value)}")
    return value


def _number(value: object, key: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST:
        _refuse(where, f"{key!r} must be a number, not {value!r}")
    return float(value)


def _check_keys(
    record: Mapping[str, Any],
    known: Sequence[str] | Mapping[str, Any],
    where: str,
    what: str = "key",
) -> None:
    for key in record:
        if key not in known:
            hint = did_you_mean(key, known, n=2, otherwise=f"known are {', '.join(known)}")
            _refuse(where, f"there is no {what} {key!r}; {hint}")


def _kind(value: object) -> str:
    return type(value).__name__


def _refuse(where: str, why: str) -> NoReturn:
    raise EvidenceError(f"{where}: {why}")
