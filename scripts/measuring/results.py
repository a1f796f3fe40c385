"""What follows from the measured tokens: a row for each file and text, as a dictionary for JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmq_eval.drift import Drift
from llmq_eval.model_file import ModelFile
from llmq_eval.openings import Prompt
from llmq_eval.paired import ratio_of_means
from llmq_eval.replies import Replies
from llmq_eval.statistics import Estimate
from llmq_eval.writing import GREEDILY, Reply
from scripts.measuring.desk import Desk
from scripts.measuring.grounds import Ground
from scripts.measuring.jobs import readings
from scripts.measuring.kinds import PEER
from scripts.measuring.making import Made

TAIL = "kl_p999_nats"


def drift_of(desk: Desk, made: Made, ground: Ground) -> Drift:
    """What was measured of a file on a ground."""
    parts = readings(desk, made.subject, ground)
    documents = tuple(document for part in parts for document in part.found())
    base, quant = (
        ModelFile(subject.path.name, subject.path.stat().st_size, subject.identity)
        for subject in (desk.base, made.subject)
    )
    named = (ground.name, ground.sha256)
    return Drift(base, quant, *named, ground.n_ctx, documents, ground.unit)


def rows(ground: Ground, drifts: Mapping[Made, Drift]) -> list[dict[str, Any]]:
    """A row for each file on one ground."""
    found = []
    for made, drift in drifts.items():
        totals = drift.totals
        row = {
            "recipe": made.recipe,
            "kind": made.kind,
            "decoded": made.decoded,
            "file": made.path.name,
            "sha256": made.subject.identity,
            "tensor_bytes": made.tensor_bytes,
            "seconds": made.seconds,
            "text": ground.name,
            "totals": {name: estimate.as_json() for name, estimate in totals.items()},
            "perplexity_ratio": totals["ln_ratio"].exp().as_json(),
        }
        peer = _like(drifts, made, kind=PEER, decoded=made.decoded)
        if peer and made.kind != PEER:
            row["kl_ratio"] = _json(_kl_ratio(drift, drifts[peer]))
            row["kl_p999_ratio"] = _quotient(totals[TAIL], drifts[peer].totals[TAIL])
        packed = _like(drifts, made, kind=made.kind, decoded=False)
        if packed and made.decoded:
            row["packed_ratio"] = _json(_kl_ratio(drifts[packed], drift))
        found.append(row)
    return found


def _like(drifts: Mapping[Made, Drift], made: Made, *, kind: str, decoded: bool) -> Made | None:
    """The file of the same recipe and this kind."""
    wanted = (made.recipe, kind, decoded)
    return next((m for m in drifts if (m.recipe, m.kind, m.decoded) == wanted), None)


def _kl_ratio(drift: Drift, peer: Drift) -> Estimate | None:
    """Mean KL by mean KL, paired by document."""
    kl, peers = ([d.tokens["kl_nats"] for d in each.documents] for each in (drift, peer))
    return ratio_of_means(kl, peers)


def _json(estimate: Estimate | None) -> dict[str, float | None] | None:
    return estimate.as_json() if estimate else None


def _quotient(over: Estimate, under: Estimate) -> float | None:
    return over.value / under.value if under.value else None


def reply_rows(
    prompts: Sequence[Prompt], base: Sequence[Reply], written: Mapping[Made, Sequence[Reply]]
) -> list[dict[str, Any]]:
    """A row for the replies of each file beside the base's."""
    found = []
    for made, replies in written.items():
        totals = Replies(tuple(prompts), tuple(base), tuple(replies), (GREEDILY,)).totals
        found.append(
            {
                "recipe": made.recipe,
                "kind": made.kind,
                "n_prompts": len(prompts),
                "totals": {name: estimate.as_json() for name, estimate in totals.items()},
            }
        )
    return found


def described(ground: Ground) -> dict[str, Any]:
    """A ground, for JSON."""
    return {
        "name": ground.name,
        "sha256": ground.sha256,
        "unit": ground.unit,
        "ctx": ground.n_ctx,
        "n_documents": len(ground.documents),
        "n_tokens": ground.n_scored,
    }
