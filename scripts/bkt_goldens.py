"""Writes tests/goldens/bkt.json: what pyBKT (1.4.3) predicts for answers of one student.

pyBKT is heavy and no part of the environment: install it into a folder of its own and run
`PYTHONPATH=FOLDER python scripts/bkt_goldens.py`.
"""

import importlib
import json
from pathlib import Path
from random import Random

GOLDENS = Path(__file__).parent.parent / "tests" / "goldens" / "bkt.json"
PARAMETERS = ((0.3, 0.15, 0.1, 0.2), (0.05, 0.3, 0.05, 0.25), (0.8, 0.02, 0.3, 0.1), (0.5, 0, 0, 0.5))


def predictions(init: float, learn: float, slip: float, guess: float, answers: list[int]) -> object:
    """Before each answer: how likely it is right, and how likely the skill is known."""
    np, pandas = importlib.import_module("numpy"), importlib.import_module("pandas")
    model = importlib.import_module("pyBKT.models").Model(seed=1, num_fits=1)
    frame = pandas.DataFrame(
        {"user_id": "a", "skill_name": "s", "correct": answers, "order_id": range(len(answers))}
    )
    model.coef_ = {
        "s": {
            "prior": init, "learns": np.array([learn]), "slips": np.array([slip]),
            "guesses": np.array([guess]), "forgets": np.array([0.0]),
        }
    }  # fmt: skip
    done = model.predict(data=frame)
    return [[float(a), float(b)] for a, b in zip(
        done["correct_predictions"], done["state_predictions"], strict=True)]  # fmt: skip


def main() -> None:
    """All rows, drawn from one seed."""
    rng, rows = Random(4), []
    for parameters in PARAMETERS:
        for n in (1, 2, 7, 30):
            answers = [rng.randint(0, 1) for _ in range(n)]
            if parameters[2] == 0:
                answers = [1] * n  # a wrong answer cannot be explained without slips forever
            rows.append({"parameters": parameters, "answers": answers,
                         "predicted": predictions(*parameters, answers)})  # fmt: skip
    GOLDENS.write_text(json.dumps(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
