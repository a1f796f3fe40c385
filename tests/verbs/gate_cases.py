"""Evidence of every kind, and what `llmq gate` has to say of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from llmq_eval.gate.evidence import CheckStatus, Evidence
from llmq_peer.gate_evidence import Truth

Edit = Callable[[Evidence], Evidence]
SOUND, SAME = Truth(), Truth(alike=True)


@dataclass(frozen=True)
class Case:
    """Evidence of a file of which `truth` is true, edited; and the exit code, where certain."""

    truth: Truth
    code: int | None = None
    policy: str = "4-bit"
    edit: Edit = lambda evidence: evidence
    accepted: Truth | None = None


def without(*tables: str) -> Edit:
    return lambda evidence: replace(
        evidence,
        tables={name: () if name in tables else rows for name, rows in evidence.tables.items()},
    )


def few(n: int) -> Edit:
    return lambda evidence: replace(
        evidence, tables={name: rows[:n] for name, rows in evidence.tables.items()}
    )


def checked(**statuses: CheckStatus) -> Edit:
    return lambda evidence: replace(
        evidence,
        checks=tuple(
            replace(check, status=statuses.get(check.axis, check.status))
            for check in evidence.checks
        ),
    )


def with_nan(table: str, key: str) -> Edit:
    def edit(evidence: Evidence) -> Evidence:
        first, *others = evidence.tables[table]
        return replace(
            evidence, tables={**evidence.tables, table: ({**first, key: float("nan")}, *others)}
        )

    return edit


def of_device(**samples: object) -> Edit:
    device = {
        "profile": "phone-6gb",
        "file_bytes": 10**8,
        "peak_bytes": [2e8],
        "load_s": [0.5],
        "first_token_s": [0.2, 0.3],
        "tokens_per_s": [40.0, 50.0],
    }
    return lambda evidence: replace(evidence, device=device | samples)


FAULTS = {
    "far": Truth(kl_nats=0.4),
    "other words": Truth(same_top=0.6),
    "lost skill": Truth(lost=0.3),
    "talks on": Truth(length=1.8),
    "cut short": Truth(length=0.4),
    "never ends": Truth(open_quant=0.6),
    "circles": Truth(loop_quant=0.5),
    "slow to stop": Truth(ln_end_ratio=-0.9),
    "tells": Truth(leak_quant=0.8),
    "degenerate": Truth(degenerate_quant=0.6),
}
WHERE: Mapping[str, Edit] = {
    "no tokens": without("tokens"),
    "no choices": without("choices"),
    "no problems": without("problems"),
    "no replies": without("replies"),
    "no conversations": without("conversations"),
    "nothing": without("tokens", "choices", "problems", "replies", "conversations"),
    "no checks": lambda evidence: replace(evidence, checks=()),
    "privacy unchecked": checked(privacy="skipped"),
    "nan": with_nan("tokens", "kl_nats"),
    "nan in an answer": with_nan("choices", "quant_right"),
}
CASES = {
    **{f"{name}, {p}": Case(truth, 1, p) for name, truth in FAULTS.items() for p in ("4-bit", "8-bit")},
    **{f"{name}, {p}": Case(SAME, 4, p, edit) for name, edit in WHERE.items() for p in ("4-bit", "8-bit")},
    **{f"{name}, though {where}": Case(FAULTS[name], 1, edit=WHERE[where])
       for name in ("far", "lost skill") for where in ("no replies", "privacy unchecked")},
    "sound": Case(SOUND, 0),
    "the same file, 4-bit": Case(SAME, 0),
    "the same file, 8-bit": Case(SAME, 0, "8-bit"),
    "four bits held to eight": Case(SOUND, 1, "8-bit"),
    **{f"at the limit, {kl}": Case(Truth(kl_nats=kl)) for kl in (0.09, 0.095, 0.1, 0.105, 0.11)},
    **{f"only {n} of each": Case(SAME, 3, edit=few(n)) for n in (1, 2, 10)},
    "hashes of no program": Case(SAME, 4, edit=checked(integrity="skipped")),
    "a wrong template": Case(SAME, 1, edit=checked(integrity="fail")),
    "an address": Case(SAME, 1, edit=checked(privacy="fail")),
    "a wrong template of a far file": Case(FAULTS["far"], 1, edit=checked(integrity="fail")),
    "runs on the device": Case(SAME, 0, edit=of_device()),
    "too much for the device": Case(SAME, 1, edit=of_device(peak_bytes=[1e11])),
    "too slow for the device": Case(SAME, 1, edit=of_device(tokens_per_s=[0.1])),
    "memory unknown": Case(SAME, 4, edit=of_device(peak_bytes=None)),
    "unchanged since it was accepted": Case(SOUND, 0, accepted=SOUND),
    "a little worse than accepted": Case(Truth(kl_nats=0.031), 1, accepted=SOUND),
    "better than accepted": Case(Truth(kl_nats=0.029), 0, accepted=SOUND),
    "another base than accepted": Case(
        SOUND, 4, accepted=SOUND,
        edit=lambda evidence: replace(evidence, base=replace(evidence.base, sha256="77" * 32)),
    ),
    "other suites than accepted": Case(
        SOUND, 4, accepted=SOUND,
        edit=lambda evidence: replace(evidence, suites=(replace(evidence.suites[0], sha256="5" * 64),)),
    ),
    "other settings than accepted": Case(
        SOUND, 4, accepted=SOUND, edit=lambda evidence: replace(evidence, settings={"n_ctx": 64})
    ),
    "other threads than accepted": Case(
        SOUND, 0, accepted=SOUND,
        edit=lambda evidence: replace(evidence, settings={"n_ctx": 2048, "threads": 7}),
    ),
    "other documents than accepted": Case(SOUND, 4, accepted=SOUND, edit=few(79)),
}  # fmt: skip

CODES = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 3, "SKIPPED": 4}


def verdict(out: str) -> str:
    """The word that begins the last sentence."""
    found = re.findall(r"^(PASS|FAIL|INCONCLUSIVE|SKIPPED): ", out, re.MULTILINE)
    assert len(found) == 1, out
    return str(found[0])
