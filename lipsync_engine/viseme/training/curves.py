"""Draw how the loss fell, for the model card: `python -m lipsync_engine.viseme.training.curves`."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot

from lipsync_engine.viseme.training import fitting

PICTURE = Path(__file__).resolve().parents[3] / "docs" / "img" / "viseme-training.png"


def main() -> None:
    """Mouth on the left axis, phones on the right one."""
    steps, mouth, phones = zip(*fitting.resumed("hearing").losses, strict=True)
    figure, left = pyplot.subplots(figsize=(7, 3), dpi=90)
    left.plot(steps, mouth, color="#b03a2e")
    left.set(xlabel="step (24 × 4 s of sound)", ylabel="mouth", ylim=(0, 0.4))
    right = left.twinx()
    right.plot(steps, phones, color="#2e6da4")
    right.set(ylabel="phones, nats")
    figure.tight_layout()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE)
    print(PICTURE)


if __name__ == "__main__":
    main()
