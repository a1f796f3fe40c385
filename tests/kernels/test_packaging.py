"""How the kernels are found and imported."""

import subprocess
import sys
from pathlib import Path


def test_kernels_is_a_plain_folder(repository: Path) -> None:
    # transformers probes for a package called `kernels` and imports names from it unguarded. A
    # folder with an __init__.py would be that package wherever the repository is on the path, and
    # `from transformers import LlamaForCausalLM` would fail.
    assert (repository / "kernels" / "llmq_kernels" / "__init__.py").is_file()
    assert not (repository / "kernels" / "__init__.py").exists()


def test_importing_the_kernels_imports_only_numpy(repository: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(repository / 'kernels')!r});"
        "before = set(sys.modules); import llmq_kernels;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    command = [sys.executable, "-I", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(result.stdout.split()) - set(sys.stdlib_module_names)
    assert loaded == {"llmq_kernels", "numpy"}
