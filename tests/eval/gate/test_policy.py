"""Policies are read strictly, and known by what they say."""

from dataclasses import replace
from pathlib import Path

import pytest

from llmq.errors import EvidenceError
from llmq_eval.gate.evidence import AXES
from llmq_eval.gate.figures import FIGURES
from llmq_eval.gate.policy import Limit
from llmq_eval.gate.policy_file import BUILTIN_POLICIES, as_known, policy_of, read_policy

HEAD = 'name = "p"\nmandatory = ["fidelity"]\n'
KL = "[limits]\nmean_kl_nats = "


@pytest.mark.parametrize("name", BUILTIN_POLICIES)
def test_built_in_policies_ask_for_every_axis_but_the_device(name: str) -> None:
    policy = read_policy(name)
    assert policy.name == name
    assert policy.description
    assert {*policy.mandatory} == {*AXES} - {"device"}
    assert {FIGURES[figure].axis for figure in policy.limits} == {
        "fidelity", "skill", "behaviour", "pedagogy",
    }  # fmt: skip
    assert policy_of(policy.as_json(), "itself") == policy


def test_eight_bits_are_held_to_more_than_four() -> None:
    four, eight = map(read_policy, BUILTIN_POLICIES)
    assert four.limits.keys() == eight.limits.keys()
    for name, loose in four.limits.items():
        strict = eight.limits[name]
        for most in ("at_most", "at_most_in_subjects"):
            assert (getattr(strict, most) or 0) <= (getattr(loose, most) or 0)
        assert (strict.at_least or 0) >= (loose.at_least or 0)


def test_the_hash_is_of_what_it_says(tmp_path: Path) -> None:
    plain, commented = tmp_path / "a.toml", tmp_path / "b.toml"
    plain.write_text(HEAD + KL + "{ at_most = 1 }", encoding="utf-8")
    commented.write_text("# why\n" + HEAD + KL + "{ at_most = 1.0 }\n", encoding="utf-8")
    first, second = read_policy(str(plain)), read_policy(str(commented))
    assert first.sha256 == second.sha256
    assert replace(first, limits={"mean_kl_nats": Limit(at_most=2.0)}).sha256 != first.sha256


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'name' is missing"),
        (HEAD, "'limits' is missing"),
        ('name = "p"\nmandatory = []\n[limits]\n', "names no axis"),
        ('name = "p"\nmandatory = ["fidelty"]\n[limits]\n', "did you mean fidelity?"),
        ('name = "p"\nmandatory = "fidelity"\n[limits]\n', "'mandatory' must be a list of names"),
        (
            'name = "p"\nmandatory = ["skill"]\n' + KL + "{ at_most = 1 }",
            "mandatory but has no limit",
        ),
        ("name = 1\nmandatory = []\n[limits]\n", "'name' must be text, not int"),
        (HEAD + "limit = 1\n[limits]\n", "there is no key 'limit'; did you mean limits"),
        (HEAD + "lock_alpha = 0\n" + KL + "{ at_most = 1 }", "'lock_alpha' is 0"),
        (HEAD + "limits = 1", "must be a table of figures, not int"),
        (HEAD + "[limits]\nmean_kl = { at_most = 1 }", "did you mean mean_kl_nats"),
        (HEAD + KL + "0.1", "a limit such as { at_most = 0.1 } is expected"),
        (HEAD + KL + "{}", "a limit such as { at_most = 0.1 } is expected"),
        (HEAD + KL + "{ atmost = 1 }", "did you mean at_most"),
        (HEAD + KL + "{ at_most = nan }", "'at_most' must be a number, not nan"),
        (HEAD + KL + "{ at_most = inf }", "'at_most' must be a number, not inf"),
        (HEAD + KL + "{ at_most = true }", "'at_most' must be a number, not True"),
        (HEAD + KL + '{ at_most = "0.1" }', "'at_most' must be a number, not '0.1'"),
        (HEAD + KL + "{ at_most = " + "9" * 400 + " }", "'at_most' must be a number"),
        (HEAD + KL + "{ at_most = 1, at_least = 2 }", "leave nothing between them"),
        (HEAD + KL + "{ at_most = -0.1 }", "'at_most' of -0.1 is never kept.* from 0 up"),
        (HEAD + KL + "{ at_least = 0 }", "is always kept.* leave it out"),
        (HEAD + KL + "{ at_most_in_subjects = -1 }", "'at_most_in_subjects' of -1 is never kept"),
        (HEAD + "[limits]\nleak_change = { at_most = 10 }", "for 10 points write 0.1"),
        (HEAD + "[limits]\nopen_change = { at_most = 1 }", "for 1 points write 0.01"),
        (HEAD + "[limits]\nproblems_change = { at_least = -5 }", "for -5 points write -0.05"),
        (HEAD + "[limits]\nsame_top_rate = { at_least = 85 }", "for 85 % write 0.85"),
        (HEAD + "[limits]\nsame_top_rate = { at_least = -1 }", "from 0 to 1; leave it out"),
        (HEAD + "[limits]\nchoice_accuracy_kept = { at_least = 95 }", "for 95 % write 0.95"),
        (HEAD + 'may_skip = ["tensor hash"]\n[limits]', "did you mean tensor hashes?"),
        (
            HEAD + 'may_skip = ["mean KL"]\n[limits]',
            "no check 'mean KL' that may be skipped; known",
        ),
        (HEAD + "a = " + "[" * 5000, "nested too deeply|not valid TOML"),
        ("name = ", "not valid TOML"),
        ("\x00", "not valid TOML"),
    ],
)
def test_a_wrong_policy_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match=words) as refused:
        read_policy(str(path))
    assert "policy.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_another_policy_does_not_go_by_the_name_of_a_built_in_one(tmp_path: Path) -> None:
    four = read_policy("4-bit")
    loose = replace(four, limits={**four.limits, "choice_accuracy_kept": Limit(at_least=0.5)})
    assert as_known(four) == four
    assert as_known(loose).name == "4-bit (not this version's)"
    assert as_known(replace(loose, name="school")).name == "school"
    path = tmp_path / "own.toml"
    path.write_text(HEAD.replace('"p"', '"8-bit"') + KL + "{ at_most = 9 }", encoding="utf-8")
    assert read_policy(str(path)).name == "8-bit (not this version's)"


def test_what_is_no_policy_at_all(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="did you mean 8-bit or 4-bit"):
        read_policy("5-bit")
    (tmp_path / "latin.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(EvidenceError, match="not UTF-8"):
        read_policy(str(tmp_path / "latin.toml"))
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(1 << 21)
    with pytest.raises(EvidenceError, match="too large"):
        read_policy(str(tmp_path / "large.toml"))
    for folder in (str(tmp_path), ""):  # an empty variable of a script
        with pytest.raises(EvidenceError, match="cannot read the policy"):
            read_policy(folder)
