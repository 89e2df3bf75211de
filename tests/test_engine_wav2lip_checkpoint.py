"""A checkpoint is loaded strictly, or refused with a sentence that says what the file is."""

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from wav2lip_weights import random_state

from lipsync_engine.errors import WeightsError
from lipsync_engine.wav2lip import checkpoint
from lipsync_engine.wav2lip.layers import shapes


@pytest.fixture(scope="module")
def state():
    return random_state()


def saved(path: Path, held: object, **options: object) -> Path:
    torch.save(held, path, **options)
    return path


def test_the_table_has_the_published_size():
    trained = {n: s for n, s in shapes().items() if "running" not in n and "num_" not in n}

    assert len(shapes()) == 352
    assert sum(torch.Size(shape).numel() for shape in trained.values()) == 36_298_035


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("zipped", [True, False], ids=["new format", "old format"])
def test_every_tensor_comes_back(tmp_path, state, prefix, zipped):
    held = {"state_dict": {prefix + name: t for name, t in state.items()}, "optimizer": None}
    path = saved(tmp_path / "w.pth", held, _use_new_zipfile_serialization=zipped)

    loaded = checkpoint.load(path)

    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], state[name]) for name in state)
    assert checkpoint.digest(loaded) == checkpoint.digest(state)


def test_the_digest_changes_with_any_weight(state):
    other = dict(state)
    other["output_block.1.bias"] = state["output_block.1.bias"] + 1e-6

    assert checkpoint.digest(other) != checkpoint.digest(state)


def run_code() -> None:
    raise AssertionError("a checkpoint ran code")


class Code:
    def __reduce__(self) -> tuple[object, tuple[()]]:
        return run_code, ()


def html(path: Path, state: dict) -> None:
    path.write_text("<!DOCTYPE html><html><title>Google Drive - Virus scan warning</title></html>")


def lfs(path: Path, state: dict) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 435807851\n")


def empty(path: Path, state: dict) -> None:
    path.touch()


def text(path: Path, state: dict) -> None:
    path.write_text("hello")


def cut_zip(path: Path, state: dict) -> None:
    saved(path, {"state_dict": {"a": torch.zeros(1000)}})
    os.truncate(path, path.stat().st_size // 2)


def cut_old(path: Path, state: dict) -> None:
    held = {"state_dict": {"a": torch.zeros(1000)}}
    saved(path, held, _use_new_zipfile_serialization=False)
    os.truncate(path, path.stat().st_size // 2)


def cut_in_the_pickle(path: Path, state: dict) -> None:
    saved(path, {"state_dict": state}, _use_new_zipfile_serialization=False)
    os.truncate(path, 2000)


def script(path: Path, state: dict) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py", "version"):
            archive.writestr(f"wav2lip/{name}", b"")


def other_zip(path: Path, state: dict) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("checkpoints/wav2lip.pth", b"")


def safetensors(path: Path, state: dict) -> None:
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))


def code(path: Path, state: dict) -> None:
    saved(path, {"state_dict": {"a": Code()}})


def bare_pickle_with_code(path: Path, state: dict) -> None:
    path.write_bytes(pickle.dumps({"state_dict": {"a": Code()}}))


def syncnet(path: Path, state: dict) -> None:
    saved(path, {"state_dict": {"face_encoder.0.conv_block.0.weight": torch.zeros(32, 15, 7, 7)}})


def fork(path: Path, state: dict) -> None:
    deeper = {f"face_encoder_blocks.{k}.0.conv_block.0.bias": torch.zeros(16) for k in range(9)}
    saved(path, {"state_dict": deeper})


def wide_fork(path: Path, state: dict) -> None:
    name = "face_encoder_blocks.6.0.conv_block.0.weight"
    saved(path, {"state_dict": state | {name: torch.zeros(1024, 512, 3, 3)}})


def one_missing(path: Path, state: dict) -> None:
    saved(path, {"state_dict": {n: t for n, t in state.items() if n != "output_block.1.bias"}})


def one_more(path: Path, state: dict) -> None:
    saved(path, {"state_dict": state | {"attention.weight": torch.zeros(3)}})


def not_a_number(path: Path, state: dict) -> None:
    saved(path, {"state_dict": state | {"output_block.1.bias": torch.tensor([0.0, torch.nan, 0])}})


def no_tensors(path: Path, state: dict) -> None:
    saved(path, {"epoch": 3})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (html, "web page"), (lfs, "git lfs pull"), (empty, "empty"), (text, "not a PyTorch file"),
        (cut_zip, "cut off"), (cut_old, "cut off"), (cut_in_the_pickle, "cut off"),
        (script, "TorchScript"), (other_zip, "ZIP archive"), (safetensors, "safetensors"),
        (code, "run code"), (bare_pickle_with_code, "run code"),
        (syncnet, "discriminator"), (fork, r"fork.*\(9 face encoder blocks"),
        (wide_fork, r"fork.*\(1024, 512, 3, 3\)"), (one_missing, "output_block.1.bias"),
        (one_more, "attention.weight"), (not_a_number, "NaN"), (no_tensors, "no `state_dict`"),
    ],
)  # fmt: skip
def test_another_file_is_refused_by_what_it_is(tmp_path, state, make, says):
    path = tmp_path / "wav2lip.pth"
    make(path, state)

    with pytest.raises(WeightsError, match=f"(?s)wav2lip.pth.*{says}"):
        checkpoint.load(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(WeightsError, match="no file"):
        checkpoint.load(tmp_path / "nowhere.pth")
    with pytest.raises(WeightsError, match="no file"):
        checkpoint.load(tmp_path)
