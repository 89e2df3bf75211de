"""A user's wav2lip.pth -> its 352 tensors, or a sentence that says what the file is instead.

Only tensors are ever unpickled (`weights_only`): a checkpoint comes from
somewhere on the web, and a pickle can hold a program.
"""

import hashlib
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch

from lipsync_engine.errors import WeightsError
from lipsync_engine.wav2lip.layers import shapes

State = dict[str, torch.Tensor]

ADVICE = "Give the wav2lip.pth or wav2lip_gan.pth that the authors of Wav2Lip published."
_PICKLE, _ZIP = b"\x80", b"PK\x03\x04"


def load(path: Path) -> State:
    """Read a checkpoint strictly: every entry, every shape, nothing else.

    Args:
        path: `{"state_dict": …}` or a bare state dict; names may begin with "module.".

    Returns:
        Tensors on the CPU by the names of `layers.shapes()`, floats as float32.

    Raises:
        WeightsError: what the file is instead, and what to do.
    """
    _refuse_other_kinds(path)
    held = _unpickled(path)
    found = held.get("state_dict", held) if isinstance(held, dict) else held
    if not isinstance(found, Mapping) or not all(torch.is_tensor(t) for t in found.values()):
        raise WeightsError(f"{path} holds no `state_dict` of tensors. {ADVICE}")
    state = {str(name).removeprefix("module."): tensor for name, tensor in found.items()}
    _refuse_other_networks(path, state)
    return {
        name: tensor.detach().float() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
    }


def digest(state: State) -> str:
    """16 hex digits that change with any weight."""
    hasher = hashlib.sha256()
    for name in sorted(state):
        hasher.update(state[name].contiguous().numpy().tobytes())
    return hasher.hexdigest()[:16]


def _refuse_other_kinds(path: Path) -> None:
    if not path.is_file():
        raise WeightsError(f"There is no file {path}. {ADVICE}")
    with path.open("rb") as file:
        head = file.read(256)
    if not head:
        raise WeightsError(f"{path} is empty. Download it again.")
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise WeightsError(
            f"{path} is a web page, not a checkpoint: the download link led to a page about the "
            "file. Open the link in a browser and download the file itself."
        )
    if head.startswith(b"version https://git-lfs"):
        raise WeightsError(
            f"{path} is a Git LFS pointer, a few lines that stand for the file. "
            "Run `git lfs pull` where it was cloned."
        )
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**27:
        raise WeightsError(f"{path} is a safetensors file, which is not read here. {ADVICE}")
    if head.startswith(_ZIP):
        _refuse_other_archives(path)
    elif not head.startswith(_PICKLE):
        raise WeightsError(f"{path} is not a PyTorch file (it begins with {head[:8]!r}). {ADVICE}")


def _refuse_other_archives(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise _cut_off(path) from error
    if any(name.endswith("/constants.pkl") or "/code/" in name for name in names):
        raise WeightsError(
            f"{path} is a TorchScript archive, a compiled program, not a checkpoint. {ADVICE}"
        )
    if not any(name.endswith("/data.pkl") for name in names):
        raise WeightsError(f"{path} is a ZIP archive, not a checkpoint. Unpack it first.")


def _unpickled(path: Path) -> object:
    # Mapped, tensors that are not asked for (an optimizer's, two thirds of the file) stay on disk.
    mapped = zipfile.is_zipfile(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a pickle that is refused a moment later
            held: object = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        if "truncated" in str(error) or "Ran out" in str(error):
            raise _cut_off(path) from error
        raise WeightsError(
            f"{path} holds more than tensors: loading it would run code from the file, which is "
            f"refused. {ADVICE}"
        ) from error
    except Exception as error:  # torch's reader stumbles over damage in a dozen ways
        raise _cut_off(path) from error
    return held


def _cut_off(path: Path) -> WeightsError:
    size = path.stat().st_size
    return WeightsError(
        f"{path} is damaged or cut off ({size / 2**20:.1f} MiB are there; wav2lip.pth has about "
        "415 MiB, without its optimizer 139 MiB). Download it again."
    )


def _refuse_other_networks(path: Path, state: State) -> None:
    wanted = shapes()
    if any(name.startswith("face_encoder.") for name in state):
        raise WeightsError(
            f"{path} is a lip-sync discriminator (SyncNet): it judges and draws nothing. {ADVICE}"
        )
    blocks = {name.split(".")[1] for name in state if name.startswith("face_encoder_blocks.")}
    unlike = [name for name in wanted if name in state and tuple(state[name].shape) != wanted[name]]
    if blocks and (len(blocks) != 7 or unlike):
        where = f"; {unlike[0]} is {tuple(state[unlike[0]].shape)}" if unlike else ""
        raise WeightsError(
            f"{path} is a fork of Wav2Lip of other sizes ({len(blocks)} face encoder blocks where "
            f"96 x 96 faces have 7{where}). Only the published network is run here. {ADVICE}"
        )
    missing, strange = wanted.keys() - state.keys(), state.keys() - wanted.keys()
    if missing or strange or unlike:
        example = min(missing or strange or set(unlike))
        raise WeightsError(
            f"{path} is not the Wav2Lip network: {len(missing)} of its 352 entries are missing and "
            f"{len(strange)} are unknown, such as {example}. {ADVICE}"
        )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in state.values()):
        raise WeightsError(f"{path} holds weights that are no numbers (NaN). Download it again.")
