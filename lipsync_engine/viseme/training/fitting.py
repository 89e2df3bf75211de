"""How the network is learned: seeded, and resumable by a checkpoint every minute.

What is shipped is a moving average of the weights (Polyak & Juditsky 1992): it hears people
whom it never met better than the weights of any one step.
"""

import copy
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.nn import functional

from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS
from lipsync_engine.viseme.training import batches, sources
from lipsync_engine.viseme.training.coarticulation import CONTACTS
from lipsync_engine.viseme.training.model import Hearer

BATCH = 24
LEARNING_RATE = 2e-3
SAVED_EVERY_S = 60.0
AVERAGED = 400  # steps, about: older weights fade out of the average
_FALLING = 0.35  # of all steps
_MEASURED = 40  # batches, for the average's own statistics of batch normalisation
# What an error in each parameter costs: contacts are what eyes look for first.
_COSTS = dict.fromkeys(MOUTH_PARAMETERS, 1.0) | {
    "jaw_open": 4.0, "lip_closure": 6.0, "labiodental": 4.0, "rounding": 1.5, "tongue": 0.5,
}  # fmt: skip


@dataclass
class Run:
    """A training under way, and its record."""

    model: Hearer
    mean: Hearer  # its weights, averaged; its statistics are nothing until `measured`
    optimiser: torch.optim.Optimizer
    step: int
    losses: list[tuple[int, float, float]]  # step, mouth, phones


def loss(
    mouth: Tensor, phones: Tensor, voice: Tensor, batch: batches.Batch
) -> tuple[Tensor, Tensor, Tensor]:
    """What the mouth costs, what the phones cost, what it costs to take music for a voice.

    Besides the distance, the second difference is compared: a mouth that trembles where
    the target is steady pays for it.
    """
    costs = torch.tensor([_COSTS[name] for name in MOUTH_PARAMETERS])[None, :, None]
    contact = torch.tensor([name in CONTACTS for name in MOUTH_PARAMETERS])[None, :, None]
    distance = functional.smooth_l1_loss(mouth, batch.mouth, beta=0.05, reduction="none")
    # A contact is there or not: its mean is wanted, which squares find, not its median.
    squares = 2 * (mouth - batch.mouth) ** 2
    rare = 1 + 2 * batch.mouth  # contacts are a tenth of the time
    bend = (mouth - batch.mouth).diff(n=2, dim=2).abs()
    moved = (costs * torch.where(contact, rare * squares, distance)).mean()
    moved = moved + 0.3 * (costs * ~contact * bend).mean()
    named = functional.cross_entropy(phones, batch.classes, label_smoothing=0.05)
    heard = functional.binary_cross_entropy_with_logits(
        voice, batch.voice.float().clamp(min=0), reduction="none"
    )
    present = heard[batch.voice >= 0].mean()
    return moved, named, present


def fit(
    name: str, n_steps: int, paths: list[Path], seed: int = 0, until: int | None = None
) -> Hearer:
    """Learn, or go on learning.

    Args:
        name: of the training; its checkpoint bears it.
        n_steps: in all; the rate of learning has fallen to nothing at the last one.
        paths: scene files.
        seed: of weights and batches.
        until: stop for now at this step.

    Returns:
        The network with its weights averaged, ready to export.
    """
    last = n_steps if until is None else min(until, n_steps)
    torch.manual_seed(seed)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    run = resumed(name, n_steps)
    source = batches.endless(paths, BATCH, seed + run.step)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(), TextColumn("{task.fields[loss]}"),
    ) as progress:  # fmt: skip
        task = progress.add_task(name, total=last, completed=run.step, loss="")
        saved = time.monotonic()
        while run.step < last:
            moved, named = _step(run, next(source), n_steps)
            progress.update(task, completed=run.step, loss=f"mouth {moved:.4f}, phones {named:.2f}")
            if time.monotonic() - saved > SAVED_EVERY_S or run.step == last:
                _save(run, sources.HOME / f"{name}.pt")
                saved = time.monotonic()
                print(f"{run.step} {moved:.4f} {named:.3f}", flush=True)
    return measured(run.mean, [next(source) for _ in range(_MEASURED)])


@torch.no_grad()
def measured(model: Hearer, heard: list[batches.Batch]) -> Hearer:
    """Take the statistics of batch normalisation anew: those of other weights do not fit."""
    norms = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm1d)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    model.train()
    for batch in heard:
        model(batch.heard)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
    return model.eval()


def _step(run: Run, batch: batches.Batch, n_steps: int) -> tuple[float, float]:
    for group in run.optimiser.param_groups:
        group["lr"] = LEARNING_RATE * rate(run.step, n_steps)
    run.model.train()
    with torch.autocast("cpu", torch.bfloat16):  # whole numbers up to 127 are exact in it
        mouth, phones, voice = run.model(batch.heard)
    moved, named, present = loss(mouth.float(), phones.float(), voice.float(), batch)
    run.optimiser.zero_grad()
    (moved + 0.15 * named + 0.2 * present).backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    run.optimiser.step()
    run.step += 1
    with torch.no_grad():  # the first steps count alike
        for mean, now in zip(run.mean.parameters(), run.model.parameters(), strict=True):
            mean.lerp_(now, max(1 / AVERAGED, 1 / run.step))
    smooth = run.losses[-1] if run.losses else (0, moved.item(), named.item())
    kept = (
        run.step,
        *(
            0.98 * a + 0.02 * b
            for a, b in zip(smooth[1:], (moved.item(), named.item()), strict=True)
        ),
    )
    run.losses.append(kept)  # type: ignore[arg-type]
    return run.losses[-1][1], run.losses[-1][2]


def rate(step: int, n_steps: int) -> float:
    """Of learning: up in 100 steps, level, and down in a straight line in the last part."""
    left = (1 - step / n_steps) / _FALLING
    return min(1.0, step / 100) * min(1.0, max(left, 0.01))


def resumed(name: str, n_steps: int = 0) -> Run:
    """The training of that name as it stands: new, under way, or done."""
    path = sources.HOME / f"{name}.pt"
    model = Hearer()
    mean = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=0.01)
    run = Run(model, mean, optimiser, 0, [])
    if path.exists():
        kept = torch.load(path, weights_only=True)
        model.load_state_dict(kept["model"])
        mean.load_state_dict(kept["mean"])
        if kept["step"] < n_steps:
            optimiser.load_state_dict(kept["optimiser"])
        run.step, run.losses = kept["step"], [tuple(row) for row in kept["losses"]]
    return run


def _save(run: Run, path: Path) -> None:
    part = path.with_suffix(".part")
    weights = {"model": run.model.state_dict(), "mean": run.mean.state_dict()}
    torch.save(
        {
            **weights, "optimiser": run.optimiser.state_dict(), "step": run.step,
            "losses": run.losses,
        },
        part,
    )  # fmt: skip
    part.rename(path)
