"""Models of the hub, over HTTP from a hub on this machine: whole, cut off, damaged, not there."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from llmq.errors import ArchitectureError, CheckpointError, HubError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.hub.fetching import cached, fetch
from llmq.sources.hub.ids import HubId
from llmq.sources.opening import fetched, open_source
from tests.sources.adapters.saved import save_adapter
from tests.sources.hub.small_hub import CHUNK, OTHERS, SmallHub

WANTED = HubId("org/tutor")
WEIGHTS = "model-00001-of-00002.safetensors"


@dataclass
class Seen:
    """What came of fetching: bytes told, remarks, the model's folder when its weights were due."""

    n_bytes: int = 0
    stopped_at: int | None = None
    """After so many bytes somebody presses Ctrl-C."""
    totals: list[tuple[int, int]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    checked: list[list[str]] = field(default_factory=list)

    def fetch(self, wanted: HubId = WANTED) -> Path:
        """Fetch, and see all of that."""
        return fetch(wanted, check=self._check, transfer=self._transfer, say=self.remarks.append)

    def _check(self, folder: Path) -> None:
        self.checked.append(sorted(file.name for file in folder.iterdir()))

    def _transfer(self, _: str, total: int, here: int) -> Any:
        self.totals.append((total, here))
        return _Counting(self)


@dataclass
class _Counting:
    seen: Seen

    def __enter__(self) -> Callable[[int], object]:
        return self._count

    def __exit__(self, *_: object) -> None:
        pass

    def _count(self, n_bytes: int) -> None:
        self.seen.n_bytes += n_bytes
        if self.seen.stopped_at and self.seen.n_bytes >= self.seen.stopped_at:
            raise KeyboardInterrupt


def blobs(tmp_path: Path) -> list[str]:
    """The names of what the cache holds of the model."""
    folder = tmp_path / "cache" / "models--org--tutor" / "blobs"
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


def weights_of(hub: SmallHub) -> list[bytes]:
    return [hub.files[name] for name in sorted(hub.files) if name.startswith("model-")]


def test_what_is_needed_comes_and_nothing_else(hub: SmallHub, tmp_path: Path) -> None:
    seen = Seen()
    folder = seen.fetch()
    names = {file.name for file in folder.iterdir()}
    assert names == set(hub.files) - set(OTHERS)
    for name in names:
        assert (folder / name).read_bytes() == hub.files[name]
    total = sum(map(len, weights_of(hub)))
    assert (seen.totals, seen.n_bytes) == ([(total, 0)], total)
    assert not [name for name in seen.checked[0] if name.startswith("model-")]
    assert all(re.fullmatch(r"llmq/[\w.]+; hf_hub/[\w.]+; python/[\w.]+", by) for by in hub.by)
    original, source = open_source(tmp_path / "original"), open_source(folder)
    assert (source.name, source.notes) == ("tutor", original.notes)
    one, other = (
        execute(make_plan(each, recipe="Q8_0"), tmp_path / name, load_check=False).read_bytes()
        for each, name in ((source, "a.gguf"), (original, "b.gguf"))
    )
    assert one[-50000:] == other[-50000:]
    assert source.metadata["general.source.repo_url"] == "https://huggingface.co/org/tutor"
    assert source.metadata["llmq.source.commit"] == hub.commit
    assert source.metadata["general.name"] == "Tutor"


def test_a_model_that_is_here_is_not_fetched_again(hub: SmallHub) -> None:
    folder = Seen().fetch()
    hub.asked.clear()
    seen = Seen()
    assert seen.fetch() == folder
    assert (hub.asked, seen.totals) == (["GET /api/models/org/tutor/revision/main"], [])
    hub.asked.clear()
    assert Seen().fetch(HubId("org/tutor", hub.commit)) == folder
    assert hub.asked == []


def test_a_connection_that_is_cut_is_taken_up(hub: SmallHub) -> None:
    hub.cut[WEIGHTS] = [40000, 20000]
    seen = Seen()
    folder = seen.fetch()
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    ranges = [asked.split()[-1] for asked in hub.asked if WEIGHTS in asked and "=" in asked]
    assert ranges == ["bytes=40000-", "bytes=60000-"]
    assert seen.n_bytes == sum(map(len, weights_of(hub)))


def test_a_command_that_was_stopped_goes_on_where_it_was(hub: SmallHub, tmp_path: Path) -> None:
    """What the first one got lies in the cache, unused."""
    with pytest.raises(KeyboardInterrupt):
        Seen(stopped_at=50000).fetch()
    assert f"{hub.etag(WEIGHTS)}.incomplete" in blobs(tmp_path)
    assert cached(WANTED) is None
    seen = Seen()
    folder = seen.fetch()
    total = sum(map(len, weights_of(hub)))
    ((said, here),) = seen.totals
    assert said == total
    assert 30000 <= here < 50000 + CHUNK
    assert seen.n_bytes == total - here
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    assert not [name for name in blobs(tmp_path) if name.endswith(".incomplete")]


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_a_file_that_is_not_what_is_listed_is_deleted(
    hub: SmallHub, tmp_path: Path, name: str
) -> None:
    """One byte of it differs."""
    data = bytearray(hub.files[name])
    data[-9] ^= 1
    hub.damaged[name] = bytes(data)
    with pytest.raises(HubError, match=rf"what came as {name} is not what the hub lists .*deleted"):
        Seen().fetch()
    assert not [each for each in blobs(tmp_path) if each.startswith(hub.etag(name))]
    assert cached(WANTED) is None
    hub.damaged.clear()
    assert (Seen().fetch() / name).read_bytes() == hub.files[name]


def test_half_of_another_file_is_not_gone_on_with(hub: SmallHub, tmp_path: Path) -> None:
    partial = (
        tmp_path / "cache" / "models--org--tutor" / "blobs" / f"{hub.etag(WEIGHTS)}.incomplete"
    )
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"x" * 1000)
    with pytest.raises(HubError, match="not what the hub lists"):
        Seen().fetch()
    assert not partial.exists()
    assert (Seen().fetch() / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_without_a_network_what_was_fetched_counts(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Seen().fetch(HubId("org/tutor", "v1.0"))
    hub.error = (503, "")
    seen = Seen()
    assert seen.fetch(HubId("org/tutor", "v1.0")) == folder
    assert "the hub answered 503" in seen.remarks[0]
    assert "what was fetched before is used: 0123456789ab" in seen.remarks[0]
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert Seen().fetch(HubId("org/tutor", "v1.0")) == folder
    assert cached(HubId("org/tutor", "v1.0")) == folder
    with pytest.raises(HubError, match=r"^org/tutor: the network is switched off"):
        Seen().fetch()  # no branch of that name was fetched


@pytest.mark.usefixtures("hub")
def test_a_hub_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(HubError, match=r"the hub cannot be reached \(.*\); try again when"):
        Seen().fetch()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ((401, "RepoNotFound"), "no such model on the hub, or it is private; .* hf auth login"),
        ((404, "RevisionNotFound"), "has no revision 'main'; type org/tutor for the newest"),
        ((403, "GatedRepo"), r"lets people in one by one; ask for it on http.*/org/tutor, then"),
        ((500, ""), "the hub answered 500; try again"),
    ],
)
def test_what_the_hub_refuses(hub: SmallHub, error: tuple[int, str], message: str) -> None:
    hub.error = error
    with pytest.raises(HubError, match=f"^org/tutor: .*{message}"):
        Seen().fetch()


def test_weights_that_are_kept_back(hub: SmallHub) -> None:
    hub.gated = True
    with pytest.raises(HubError, match="lets people in one by one"):
        Seen().fetch()


def test_a_file_that_is_listed_and_not_there(hub: SmallHub) -> None:
    hub.missing.add(WEIGHTS)
    with pytest.raises(HubError, match="a file that the hub lists is not there"):
        Seen().fetch()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (("pytorch_model.bin",), r"holds no \*\.safetensors file; other weight formats"),
        (("tutor-Q4_0.gguf",), r"need no conversion: hf download org/tutor tutor-Q4_0\.gguf"),
    ],
)
def test_a_repository_without_weights(hub: SmallHub, files: tuple[str, ...], message: str) -> None:
    hub.files = dict.fromkeys(files, b"x")
    with pytest.raises(HubError, match=message):
        Seen().fetch()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (WEIGHTS, r"MB are still to come, and the disk of .* HF_HUB_CACHE"),
        (
            "tokenizer.json",
            r"tokenizer\.json has [\d,.]+ MB, which no settings and no tokenizer have",
        ),
    ],
)
def test_files_without_measure(hub: SmallHub, name: str, message: str) -> None:
    listing = hub.listing()

    def listed() -> dict[str, Any]:
        for entry in listing["siblings"]:
            if entry["rfilename"] == name:
                entry["size"] = 1 << 60
        return listing

    hub.listing = listed  # type: ignore[method-assign]  # a hub that has a huge file
    with pytest.raises(HubError, match=message):
        Seen().fetch()
    assert [asked for asked in hub.asked if "resolve" in asked] == []


def test_a_model_that_cannot_be_converted_is_refused_before_its_weights(hub: SmallHub) -> None:
    hub.files["config.json"] = b'{"architectures": ["MambaForCausalLM"]}'
    with pytest.raises(ArchitectureError, match="'MambaForCausalLM' is not supported"):
        fetched("org/tutor")
    assert not [
        asked
        for asked in hub.asked
        if "safetensors" in asked and "resolve" in asked and "index" not in asked
    ]


def test_opening_asks_nobody(hub: SmallHub) -> None:
    with pytest.raises(CheckpointError, match="of the hub, llmq convert org/tutor fetches it"):
        open_source("org/tutor")
    assert hub.asked == []
    folder = fetched("org/tutor")
    hub.asked.clear()
    assert open_source("org/tutor").path == folder
    assert hub.asked == []


def test_an_adapter_of_the_hub_and_its_base(hub: SmallHub, tmp_path: Path) -> None:
    """The adapter comes by its id, and finds its base in the cache."""
    base = fetched("org/tutor")
    folder = save_adapter(tmp_path / "mine", base_model_name_or_path="org/tutor")
    hub.repo, hub.commit = "org/my-lora", "f" * 40
    hub.files = {file.name: file.read_bytes() for file in folder.iterdir()} | OTHERS
    found = fetched("org/my-lora")
    assert {file.name for file in found.iterdir()} == {file.name for file in folder.iterdir()}
    source = open_source(found)
    assert (source.name, source.path) == ("my-lora", base)
    assert source.metadata["llmq.source.commit"] != hub.commit  # the weights are the base's
    assert open_source("org/tutor", adapters={"org/my-lora": 0.5}).name == "my-lora"
