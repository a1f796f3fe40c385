"""The picture of sizes for README: a point and a label for each report."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from llmq_eval.model_file import ModelFile
from llmq_peer.gate_evidence import Truth, made_evidence

RECIPES = {"Q8_0": (0.003, 145), "Q4_K_M": (0.036, 104), "Q2_K": (0.27, 70)}
SVG = "{http://www.w3.org/2000/svg}"


def test_a_point_for_each_report_the_smaller_to_the_left(repository: Path, tmp_path: Path) -> None:
    for name, (kl, megabytes) in RECIPES.items():
        evidence = made_evidence(Truth(kl_nats=kl))
        file = ModelFile(f"tutor-{name}.gguf", megabytes * 10**6, name)
        evidence = replace(evidence, quant=file)
        (tmp_path / f"{name}.json").write_text(json.dumps(evidence.as_json()), encoding="utf-8")
    picture = tmp_path / "sizes.svg"
    reports = [str(tmp_path / f"{name}.json") for name in RECIPES]
    command = [sys.executable, "-m", "scripts.draw_sizes", *reports, "--picture", str(picture)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    root = ElementTree.parse(picture).getroot()
    labels = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "name"]
    assert labels == ["Q2_K", "Q4_K_M", "Q8_0"]
    points = [
        (float(c.attrib["cx"].rstrip("%")), float(c.attrib["cy"]))
        for c in root.iter(f"{SVG}circle")
    ]
    assert len(points) == 3
    assert points == sorted(points)  # larger, and closer: further down
    text = picture.read_text(encoding="utf-8")
    assert re.findall(r"https?:[^\"]*|url\(|@import", text) == ["http://www.w3.org/2000/svg"]
