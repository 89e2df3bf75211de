"""Would another engine draw Wav2Lip quicker? `python -m benchmarks.wav2lip_engines`.

OpenVINO and ONNX Runtime are given the same arrangement as torch (batch norms folded, what the
photo decides computed once), in float32, batches of 8; each takes turns with ours on one core,
and then on two. They are no dependencies: `pip install openvino onnxruntime onnx` first, best
with `--target` into a folder of its own that PYTHONPATH names. Weights are random.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.wav2lip_steps import BATCH
from lipsync_engine.wav2lip import checkpoint, network
from tests.wav2lip_weights import write_checkpoint

RESULTS = Path(__file__).parent / "results" / "wav2lip_engines.json"
BATCHES, ROUNDS = 12, 5
Draw = Callable[[NDArray[np.float32]], NDArray[np.uint8]]


class _Plain(torch.nn.Module):
    """The arrangement without Winograd's convolutions, for tracing."""

    def __init__(self, state: checkpoint.State, faces: torch.Tensor) -> None:
        super().__init__()
        network._WINOGRAD.clear()
        self._made = network.Network(state, torch.device("cpu"))
        self._behind = self._made.backdrop(faces)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        return self._made.draw(mel, self._behind)


def ours(weights: Path, faces: torch.Tensor, _folder: Path, cores: int) -> Draw:
    """The generator's own: Winograd's convolutions, a batch for each core."""
    torch.set_num_threads(1)
    made = network.Network(checkpoint.load(weights), torch.device("cpu"))
    behind = made.backdrop(faces)
    pool = ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,))

    def one(part: NDArray[np.float32]) -> NDArray[np.uint8]:
        with torch.inference_mode():
            drawn: NDArray[np.uint8] = made.draw(torch.from_numpy(part), behind).numpy()
        return drawn

    return lambda mel: np.concatenate(list(pool.map(one, np.split(mel, len(mel) // BATCH))))


def openvino(weights: Path, faces: torch.Tensor, _folder: Path, cores: int) -> Draw:
    """OpenVINO, as many streams as cores."""
    import openvino as ov

    plain = _Plain(checkpoint.load(weights), faces)
    model = ov.convert_model(plain, example_input=torch.zeros(BATCH, 1, 80, 16))
    compiled = ov.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": cores, "NUM_STREAMS": cores, "INFERENCE_PRECISION_HINT": "f32",
    })  # fmt: skip
    queue = ov.AsyncInferQueue(compiled, cores)

    def draw(mel: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Batches begin in turn, and may end in any order."""
        found: dict[int, NDArray[np.uint8]] = {}
        queue.set_callback(lambda ran, k: found.__setitem__(k, ran.get_output_tensor().data.copy()))
        for number, part in enumerate(np.split(mel, len(mel) // BATCH)):
            queue.start_async(part, number)
        queue.wait_all()
        return np.concatenate([found[k] for k in sorted(found)])

    return draw


def onnx_runtime(weights: Path, faces: torch.Tensor, folder: Path, cores: int) -> Draw:
    """ONNX Runtime; a batch on all cores."""
    import onnxruntime as ort

    path = folder / "wav2lip.onnx"
    plain = _Plain(checkpoint.load(weights), faces)
    torch.onnx.export(
        plain, (torch.zeros(BATCH, 1, 80, 16),), str(path), input_names=["mel"], dynamo=False
    )
    asked = ort.SessionOptions()
    asked.intra_op_num_threads = cores
    session = ort.InferenceSession(str(path), asked, providers=["CPUExecutionProvider"])
    return lambda mel: np.concatenate([
        session.run(None, {"mel": part})[0] for part in np.split(mel, len(mel) // BATCH)
    ])  # fmt: skip


ENGINES = {"torch, as shipped": ours, "OpenVINO": openvino, "ONNX Runtime": onnx_runtime}


def one(name: str, weights: str, folder: str, cores: int) -> None:
    """An engine alone: what it draws, as a file; then frames a second for each line it reads."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    rng = torch.Generator().manual_seed(1)
    faces = torch.rand(1, 6, 96, 96, generator=rng)
    mel = (torch.rand(BATCHES * BATCH, 1, 80, 16, generator=rng) * 8 - 4).numpy()
    with torch.inference_mode():
        draw = ENGINES[name](Path(weights), faces, Path(folder), cores)
    drawn = draw(mel)
    np.save(Path(folder) / f"{name}.npy", drawn)
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        draw(mel)
        print(len(mel) / (time.perf_counter() - started), flush=True)


def measured(weights: Path, folder: Path, cores: int) -> dict[str, float]:
    """Frames a second of each engine: medians of rounds in which they take turns."""
    running = {
        name: subprocess.Popen(
            [sys.executable, "-m", __spec__.name, name, str(weights), str(folder), str(cores)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"OMP_NUM_THREADS": str(cores), "OMP_WAIT_POLICY": "PASSIVE"},
        )
        for name in ENGINES
    }  # fmt: skip
    for name, child in running.items():
        if child.stdout is None or "ready" not in child.stdout.readline():
            raise SystemExit(f"{name} did not start: pip install openvino onnxruntime onnx")
    laps: dict[str, list[float]] = {name: [] for name in ENGINES}
    for _ in range(ROUNDS):
        for name, child in running.items():
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write("go\n")
            child.stdin.flush()
            laps[name].append(float(child.stdout.readline()))
    for child in running.values():
        child.communicate()
    return {name: round(median(each), 2) for name, each in laps.items()}


def main() -> None:
    """Measure, print, save."""
    Path(".var").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=".var") as name:
        folder = Path(name).resolve()
        weights = write_checkpoint(folder / "wav2lip.pth")
        speeds = {cores: measured(weights, folder, cores) for cores in (1, 2)}
        drawn = {name: np.load(folder / f"{name}.npy").astype(int) for name in ENGINES}
    base = drawn["torch, as shipped"]
    report = {
        name: {
            "one_core": speeds[1][name],
            "two_cores": speeds[2][name],
            "largest_difference": int(np.abs(each - base).max()),
            "equal": round(float((each == base).mean()), 6),
        }
        for name, each in drawn.items()
    }
    table = Table("", "one core", "two cores", "largest difference", "equal values")
    for name, row in report.items():
        table.add_row(name, *map(str, row.values()))
    Console().print(table)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        one(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()
