"""What has to be said of a verdict besides: where the evidence is thin, or of another machine."""

from collections.abc import Callable, Iterator

from llmq.spelling import counted
from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.guessing import guessing
from llmq_eval.gate.lock import Lock
from llmq_eval.gate.policy import Policy
from llmq_eval.gate.rows import NotMeasured, key_of, number, share
from llmq_eval.statistics import few_documents


def remarks_on(evidence: Evidence, policy: Policy, lock: Lock | None) -> Iterator[str]:
    """A sentence for each thing that whoever reads the verdict should know."""
    for remark in REMARKS:
        try:
            yield from remark(evidence, policy)
        except (NotMeasured, ArithmeticError, ValueError):  # told by the row itself
            continue
    if lock:
        yield from _of_another_machine(evidence, lock)


def _few(evidence: Evidence, _policy: Policy) -> Iterator[str]:
    rows = evidence.tables.get("tokens", ())
    warning = few_documents(len(rows)) if rows else None
    if warning:
        yield f"fidelity: {warning}"


def _dropped(evidence: Evidence, _policy: Policy) -> Iterator[str]:
    """Tokens of long dialogues that nobody has looked at."""
    rows = [row for row in evidence.tables.get("tokens", ()) if row.get("n_dropped")]
    n = sum(number(row, "n_dropped") for row in rows)
    if n:
        yield (
            f"fidelity: {n:.0f} tokens of {counted(len(rows), 'document')} lie beyond the context and were not"
            " compared; cut these documents, or take them apart"
        )


def _guessing(evidence: Evidence, _policy: Policy) -> Iterator[str]:
    if words := guessing(evidence.tables.get("choices", ())):
        yield f"skill: {words}"


def _solves_none(evidence: Evidence, _policy: Policy) -> Iterator[str]:
    rows = evidence.tables.get("problems", ())
    if rows and not any(share(row, "base_right") for row in rows):
        yield f"skill: the base solves none of {counted(len(rows), 'problem')}: none can be lost"


def _as_on_a_device(evidence: Evidence, _policy: Policy) -> Iterator[str]:
    """How the file was run, where that was not exact, and why not as it was asked for."""
    how = evidence.settings.get("how") or {}
    if how.get("exact") is False:
        yield (
            f"the quantized file ran as on a device, its context kept as {how.get('cache_type')}; the base"
            " was computed exactly"
        )
    remarks = [*evidence.samples.get("remarks", ()), *(evidence.device or {}).get("remarks", ())]
    yield from dict.fromkeys(map(str, remarks))


def _of_another_machine(evidence: Evidence, lock: Lock) -> Iterator[str]:
    """The same base on the same text gives the same numbers, or it is another machine's."""
    if lock.runtime != evidence.runtime:
        yield f"the lock was made with {lock.runtime}, this with {evidence.runtime}"
    known = {key_of(row): row for row in lock.tables.get("tokens", ())}
    for row in evidence.tables.get("tokens", ()):
        other = known.get(key_of(row))
        if other and other.get("nll_base_nats") != row.get("nll_base_nats"):
            yield (
                "the base's own numbers differ from the lock's: it was measured on another machine, and "
                "small changes may be the machine's"
            )
            return


REMARKS: tuple[Callable[[Evidence, Policy], Iterator[str]], ...] = (
    _few,
    _dropped,
    _guessing,
    _solves_none,
    _as_on_a_device,
)
