"""Writes tests/goldens/bkt.json: what pyBKT (1.4.3) predicts for answers of one student.

pyBKT is heavy and no part of the environment: install it into a folder of its own and run
`PYTHONPATH=FOLDER python scripts/bkt_goldens.py`.
"""

import importlib
import json
from pathlib import Path
from random import Random

GOLDENS = Path(__file__).parent.parent / "tests" / "goldens" / "bkt.json"
PARAMETERS = (
    (0.3, 0.15, 0.1, 0.2),
    (0.05, 0.3, 0.05, 0.25),
    (0.8, 0.02, 0.3, 0.1),
    (0.5, 0.01, 0.02, 0.5),
)


def predictions(init: float, learn: float, slip: float, guess: float, answers: list[int]) -> object:
    """Before each answer: how likely it is right, and how likely the skill is known."""
    np, metrics = importlib.import_module("numpy"), importlib.import_module("sklearn.metrics")
    for name in ("log_loss", "d2_log_loss_score", "d2_brier_score", "brier_score_loss"):
        if hasattr(metrics._classification, name):  # pyBKT tries them at import, on lists
            delattr(metrics._classification, name)
    run = importlib.import_module("pyBKT.fit.predict_onestep").run
    model = {
        "As": np.array([[[1 - learn, 0.0], [learn, 1.0]]]),
        "learns": np.array([learn]), "forgets": np.array([0.0]), "guesses": np.array([guess]),
        "slips": np.array([slip]), "prior": init, "pi_0": np.array([[1 - init], [init]]),
    }  # fmt: skip
    n = len(answers)
    data = {
        "data": np.array([[a + 1 for a in answers]], dtype=np.int32), "starts": np.array([1]),
        "lengths": np.array([n]), "resources": np.ones(n, dtype=np.int64),
    }  # fmt: skip
    right, states = run(model, data)
    return [[float(a), float(b)] for a, b in zip(right, states[1], strict=True)]


def main() -> None:
    """All rows, drawn from one seed."""
    rng, rows = Random(4), []
    for parameters in PARAMETERS:
        for n in (1, 2, 7, 30):
            answers = [rng.randint(0, 1) for _ in range(n)]
            rows.append({"parameters": parameters, "answers": answers,
                         "predicted": predictions(*parameters, answers)})  # fmt: skip
    GOLDENS.write_text(json.dumps(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
