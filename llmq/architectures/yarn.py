"""The attention factor of yarn scaling: what transformers takes, beside what llama.cpp takes.

Both multiply queries and keys with a factor that grows with the stretched context. llama.cpp's
follows from the stretch alone, and in some graphs from `mscale_all_dim`
(`llama_context::llama_context` in llama-context.cpp, `rope_yarn_log_mul`). A configuration may give
another, which the key `rope.scaling.attn_factor` makes good.
"""

import math
from collections.abc import Mapping

ATTENTION_SETTINGS = ("attention_factor", "mscale", "mscale_all_dim")


def correction(given: Mapping[str, float], *, reads_all_dim: bool) -> float | None:
    """What llama.cpp's factor is to be multiplied with; None where it is right.

    `given` has the `factor`, and those of ATTENTION_SETTINGS that the configuration has. Graphs
    that read `mscale_all_dim` take 1 for `mscale`.
    """
    wanted = given.get("attention_factor", _quotient(given))
    found = _quotient({**given, "mscale": 1.0} if reads_all_dim else {"factor": given["factor"]})
    return None if math.isclose(wanted, found, rel_tol=1e-6) else wanted / found


def _quotient(given: Mapping[str, float]) -> float:
    """`_compute_yarn_parameters` in transformers' modeling_rope_utils.py, without a given one."""
    if "mscale" not in given or "mscale_all_dim" not in given:
        return _grown(given["factor"])
    return _grown(given["factor"], given["mscale"]) / _grown(
        given["factor"], given["mscale_all_dim"]
    )


def _grown(factor: float, mscale: float = 1.0) -> float:
    return 0.1 * mscale * math.log(max(factor, 1.0)) + 1.0
