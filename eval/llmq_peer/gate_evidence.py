"""Evidence made of random numbers with known truths, to try the gate's judge on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from llmq_eval.gate.evidence import Check, Evidence, Row, SuiteUsed
from llmq_eval.gate.lock import Lock
from llmq_eval.model_file import ModelFile

SUBJECTS = (
    "arithmetic",
    "algebra",
    "geometry",
    "science",
    "reading",
    "writing",
    "coding",
    "languages",
)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is true of a file; documents differ by a factor with a logarithm of this `spread`."""

    kl_nats: float = 0.03
    spread: float = 0.5
    same_top: float = 0.95
    ln_end_ratio: float = 0.0
    length: float = 1.0
    open_base: float = 0.02
    open_quant: float = 0.02
    loop_quant: float = 0.0
    leak_base: float = 0.2
    leak_quant: float = 0.2
    degenerate_quant: float = 0.0
    right: float = 0.7
    lost: float = 0.02
    won: float = 0.02
    alike: bool = False  # the same file: every row says so

    def rows(self, seed: int, **n: int) -> dict[str, tuple[Row, ...]]:
        """Tables of that many documents, prompts, conversations, choices and problems."""
        rng = np.random.default_rng(seed)
        return {
            "tokens": self.documents(rng, n.get("tokens", 80)),
            "replies": self._replies(rng, n.get("replies", 60)),
            "conversations": self._conversations(rng, n.get("conversations", 60)),
            "choices": self._items(rng, n.get("choices", 600), {"n_choices": 4}),
            "problems": self._items(rng, n.get("problems", 200), {}),
        }

    def documents(self, rng: np.random.Generator, n: int) -> tuple[Row, ...]:
        """The table of drift: a row a document."""
        return tuple(_named(index) | self._document(rng) for index in range(n))

    def _document(self, rng: np.random.Generator) -> dict[str, Any]:
        n_tokens, n_deciding, n_end = int(rng.integers(40, 120)), 8, 3
        factor = rng.lognormal(-(self.spread**2) / 2, self.spread)
        kl = 0.0 if self.alike else self.kl_nats * factor
        base = float(rng.gamma(4.0, 0.25)) * n_tokens
        ln_ratio = 0.0 if self.alike else kl * n_tokens * float(rng.normal(0.2, 0.3))
        same = n_tokens if self.alike else int(rng.binomial(n_tokens, self.same_top))
        ends = 0.0 if self.alike else float(rng.normal(self.ln_end_ratio, 0.05, n_end).sum())
        return {
            "n_dropped": 0,
            "n_tokens": n_tokens,
            "nll_base_nats": base,
            "nll_quant_nats": base + ln_ratio,
            "ln_ratio_nats": ln_ratio,
            "kl_nats": kl * n_tokens,
            "same_top": same,
            "squared_change": kl * n_tokens / 20,
            "right_to_wrong": (n_tokens - same) // 2,
            "wrong_to_right": (n_tokens - same) // 2,
            "kl_deciding_nats": kl * n_deciding * 1.5,
            "n_deciding": n_deciding,
            "kl_end_nats": kl * n_end,
            "n_end": n_end,
            "ln_end_ratio": ends,
        }

    def _replies(self, rng: np.random.Generator, n: int) -> tuple[Row, ...]:
        rows = []
        for index in range(n):
            for mode, seed in (("greedy", 0), ("sampled", 1)):
                base = int(rng.integers(20, 80))
                quant = (
                    base
                    if self.alike
                    else max(1, round(base * self.length * rng.uniform(0.7, 1.3)))
                )
                outcomes = {
                    "open": self._two(rng, self.open_base, self.open_quant),
                    "loop": self._two(rng, 0.0, self.loop_quant),
                    "leak": self._two(rng, self.leak_base, self.leak_quant),
                }
                rows.append(
                    _named(index)
                    | {"mode": mode, "seed": seed, "base_tokens": base, "quant_tokens": quant}
                    | {f"base_{key}": base for key, (base, _) in outcomes.items()}
                    | {f"quant_{key}": quant for key, (_, quant) in outcomes.items()}
                    | {"same": int(self.alike), "same_first_sentence": int(self.alike)}
                )
        return tuple(rows)

    def _conversations(self, rng: np.random.Generator, n: int) -> tuple[Row, ...]:
        rows = []
        for index in range(n):
            leaks = self._two(rng, self.leak_base, self.leak_quant)
            degenerate = 0 if self.alike else int(rng.binomial(3, self.degenerate_quant))
            rows.append(
                _named(index)
                | {"n_turns": 3, "base_leaked": leaks[0], "quant_leaked": leaks[1]}
                | {"base_degenerate": 0, "quant_degenerate": degenerate}
            )
        return tuple(rows)

    def _two(self, rng: np.random.Generator, base: float, quant: float) -> tuple[int, int]:
        """The outcomes of one prompt, alike as far as their shares let them."""
        drawn = rng.random()
        first = int(drawn < base)
        return first, first if self.alike else int(drawn < quant)

    def _items(self, rng: np.random.Generator, n: int, more: dict[str, int]) -> tuple[Row, ...]:
        rows = []
        for index in range(n):
            base, drawn = int(rng.random() < self.right), rng.random()
            changed = not self.alike and drawn < (self.lost if base else self.won)
            quant = 1 - base if changed else base
            rows.append(_named(index) | more | {"base_right": base, "quant_right": quant})
        return tuple(rows)


def made_evidence(truth: Truth, seed: int = 0, **fields: Any) -> Evidence:
    """Evidence of a file of which this is true; `fields` replace its own."""
    fine = "as it should be"
    checks = (
        Check("integrity", "tensor hashes", "pass", fine),
        Check("privacy", "connections of any code", "pass", fine),
    )
    suite = SuiteUsed("made", "ab" * 32, "MIT", 1000, 80, 600, 200)
    evidence = Evidence(
        llmq="1.0",
        runtime="llama.cpp made",
        base=ModelFile("base-BF16.gguf", 1000, "00" * 32),
        quant=ModelFile("quant-Q4_K_M.gguf", 300, "11" * 32),
        recipe="Q4_K_M",
        settings={"threads": 1, "n_ctx": 2048},
        suites=(suite,),
        checks=checks,
        tables=fields.pop("tables", None) or _rows(truth, seed),
    )
    return replace(evidence, **fields)


@cache
def _rows(truth: Truth, seed: int) -> dict[str, tuple[Row, ...]]:
    return truth.rows(seed)


def resampled(
    evidence: Evidence, rng: np.random.Generator, lock: Lock | None = None
) -> tuple[Evidence, Lock | None]:
    """Another suite that might have been: documents drawn with replacement, in the lock alike.

    Each drawn document has a name of its own, so that one which is drawn twice counts twice.
    """
    tables, accepted = {}, {}
    for name, rows in evidence.tables.items():
        ids = list(dict.fromkeys(row["id"] for row in rows))
        drawn = [ids[i] for i in rng.integers(0, len(ids), len(ids))] if ids else []
        tables[name] = _drawn(rows, drawn)
        if lock:
            accepted[name] = _drawn(lock.tables.get(name, ()), drawn)
    return replace(evidence, tables=tables), replace(lock, tables=accepted) if lock else None


def _drawn(rows: Sequence[Row], ids: Sequence[str]) -> tuple[Row, ...]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row)
    return tuple(
        {**row, "id": f"{number}: {name}"}
        for number, name in enumerate(ids)
        for row in found.get(name, ())
    )


def _named(index: int) -> dict[str, Any]:
    return {"id": f"made/{index}", "subject": SUBJECTS[index % len(SUBJECTS)], "source": "made"}
