"""scripts/measure-quality: what it measures is drift's, is kept, and is compared by bytes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llmq import convert, measure_drift, open_source
from llmq.suites import read_suite, spread
from llmq_eval.drift import builtin_suite
from llmq_peer.imatrix_files import random_importance, save_importance

ROOT = Path(__file__).resolve().parents[2]
TUTOR = ROOT / "eval" / "tutor"
Done = subprocess.CompletedProcess[str]


def run(script: str, *arguments: str | Path) -> Done:
    """Run a script of the project."""
    command = [sys.executable, "-m", f"scripts.{script}", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a calibration, three dialogues and a text."""
    folder = tmp_path_factory.mktemp("quality")
    shapes = {tensor.name: tensor.shape for tensor in open_source(TUTOR).tensors}
    save_importance(folder / "calib.gguf", random_importance(shapes))
    dialogues = [
        {"id": d.id, "messages": [{"role": m.role, "content": m.content} for m in d.messages]}
        for d in builtin_suite().dialogues[:3]
    ]
    lines = [json.dumps(dialogue) + "\n" for dialogue in dialogues]
    (folder / "three.jsonl").write_text("".join(lines), encoding="utf-8")
    (folder / "text.txt").write_text("How many apples are left? 12-5=7. " * 40, encoding="utf-8")
    return folder


def measure(place: Path, *arguments: str | Path, calibration: str = "calib.gguf") -> Done:
    """scripts/measure-quality on the bundled tutor."""
    return run(
        "measure_quality", TUTOR, "--calibration", place / calibration, "--work", place / "work",
        *arguments,
    )  # fmt: skip


@pytest.fixture(scope="module")
def first(place: Path) -> tuple[Done, dict[str, Any]]:
    """What the script says and writes on a suite and a text."""
    done = measure(place, *ASKED, "--json", place / "report.json", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    return done, json.loads((place / "report.json").read_text(encoding="utf-8"))


ASKED = [
    "--recipes", "Q4_0", "--files", "imatrix", "fast", "--suite", "SUITE", "--text", "TEXT",
    "--ctx", "64", "--tokens", "100", "--decoded", "--replies", "2",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def asked(place: Path) -> None:
    """Put the paths into ASKED."""
    paths = {"SUITE": str(place / "three.jsonl"), "TEXT": str(place / "text.txt")}
    ASKED[:] = [paths.get(each, each) for each in ASKED]


def row(report: dict[str, Any], text: str, kind: str, *, decoded: bool = False) -> dict[str, Any]:
    """The row of a file."""
    wanted = (text, kind, decoded)
    rows: list[dict[str, Any]] = report["rows"]
    return next(r for r in rows if (r["text"], r["kind"], r["decoded"]) == wanted)


def test_its_figures_are_drifts(place: Path, first: tuple[Done, dict[str, Any]]) -> None:
    base = next((place / "work" / "files").glob("base-*.gguf"))
    fast = next((place / "work" / "files").glob("Q4_0-fast-????????????????????.gguf"))
    two = spread(read_suite(place / "three.jsonl"), 2)  # they have 100 tokens
    drift = measure_drift(base, fast, suite=two, threads=1)
    found = row(first[1], "three", "fast")
    assert found["totals"]["mean_kl_nats"] == drift.mean_kl_nats.as_json()
    assert found["totals"]["quant_perplexity"] == drift.quant_perplexity.as_json()
    assert first[1]["texts"][0]["n_tokens"] == drift.n_tokens
    report = first[1]["texts"][1]
    assert (report["name"], report["unit"], report["n_tokens"]) == ("text.txt", "chunk", 31 * 4)


def test_ratios_are_to_llama_quantize_with_importance(
    first: tuple[Done, dict[str, Any]],
) -> None:
    report = first[1]
    for text in ("three", "text.txt"):
        peer, fast = row(report, text, "imatrix"), row(report, text, "fast")
        kl, peers = (r["totals"]["mean_kl_nats"]["value"] for r in (fast, peer))
        assert fast["kl_ratio"]["value"] == pytest.approx(kl / peers)
        assert "kl_ratio" not in peer
        assert fast["tensor_bytes"] == peer["tensor_bytes"]
        decoded = row(report, text, "fast", decoded=True)
        true = kl / decoded["totals"]["mean_kl_nats"]["value"]
        assert decoded["packed_ratio"]["value"] == pytest.approx(true)
        assert decoded["tensor_bytes"] > 6 * fast["tensor_bytes"]
    assert [(r["kind"], r["n_prompts"]) for r in report["replies"]] == [("imatrix", 2), ("fast", 2)]
    assert "| Q4_0 | llmq fast, decoded to F32 | 20,722,688 |" in first[0].stdout


def test_nothing_is_computed_twice(place: Path, first: tuple[Done, dict[str, Any]]) -> None:
    kept = {path: path.stat().st_mtime_ns for path in (place / "work").rglob("*.*")}
    lost = next((place / "work" / "results").glob("*.npy"))
    lost.unlink()
    again = measure(place, *ASKED, "--jobs", "1")
    assert again.stdout == first[0].stdout
    after = {path: path.stat().st_mtime_ns for path in (place / "work").rglob("*.*")}
    assert set(after) == set(kept)
    assert {path for path in kept if kept[path] != after[path]} == {lost}


def test_a_file_with_more_bytes_is_refused(place: Path, tmp_path: Path) -> None:
    convert(TUTOR, tmp_path / "tutor-Q4_0.gguf", recipe="Q8_0")
    asked: list[str | Path] = [
        "--recipes",
        "Q4_0",
        "--files",
        "imatrix",
        "best",
        "--suite",
        place / "three.jsonl",
    ]
    done = measure(place, *asked, "--refined", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Q4_0, llmq best: 5," in done.stderr
    assert "bytes of tensors are more than the 3," in done.stderr


def test_another_tokenizer_is_refused(
    place: Path, tmp_path: Path, tiny_gguf: dict[str, Path]
) -> None:
    shutil.copy(tiny_gguf["Q4_0"], tmp_path / "tutor-Q4_0.gguf")
    asked: list[str | Path] = [
        "--recipes",
        "Q4_0",
        "--files",
        "best",
        "--suite",
        place / "three.jsonl",
    ]
    done = measure(place, *asked, "--refined", tmp_path)
    assert done.returncode == 1
    assert "its tokenizer is not that of" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--recipes", "Q4_0"], "--suite or a --text"),
        (["--recipes", "Q4_0", "--suite", "s.jsonl"], "need a --calibration"),
        (
            ["--recipes", "Q4_0", "--files", "fast", "--text", "t", "--replies", "3"],
            "name a --suite",
        ),
    ],
)
def test_wrong_usage(arguments: list[str], said: str) -> None:
    done = run("measure_quality", TUTOR, *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_suite_of_its_own(tmp_path: Path) -> None:
    said = {}
    for split in ("training", "held-out"):
        output = tmp_path / f"{split}.jsonl"
        chosen = ["--seed", "20272", "--count", "30", "--split", split]
        done = run("make_prompts", "-o", output, *chosen)
        assert done.returncode == 0, done.stderr
        dialogues = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
        assert len(dialogues) == 30
        said[split] = {str(dialogue["messages"]) for dialogue in dialogues}
    assert not said["training"] & said["held-out"]
    assert run("make_prompts", "--seed", "3").returncode == 2  # the built-in suite has its own


def test_sampled_texts_follow_from_the_seed(shared: Path, tmp_path: Path) -> None:
    model = convert(shared / "models" / "stories260K", tmp_path / "stories.gguf", recipe="F32")
    texts = []
    for seed, name in ((1, "a"), (1, "b"), (2, "c")):
        done = run("sample_text", model, "--n", "3", "--seed", str(seed), "-o", tmp_path / name)
        assert done.returncode == 0, done.stderr
        texts.append((tmp_path / name).read_text(encoding="utf-8"))
    assert texts[0] == texts[1] != texts[2]
    pieces = texts[0].removesuffix("\n").split("\n\n")
    assert len(set(pieces)) == 3
    assert min(map(len, pieces)) > 100
    assert not set(pieces) & set(texts[2].removesuffix("\n").split("\n\n"))


def test_a_model_without_a_beginning_of_text_writes_none(tmp_path: Path) -> None:
    model = convert(TUTOR, tmp_path / "tutor.gguf", recipe="Q8_0")
    done = run("sample_text", model, "-o", tmp_path / "text")
    assert done.returncode == 1
    assert "has no token with which a text begins" in done.stderr
