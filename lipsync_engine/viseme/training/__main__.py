"""`make train-viseme`: all steps in order. Each keeps what it has done: run again, and it goes on.

1. Synthesisers and recorded voices speak (`corpus`).
2. A teacher learns from them (`batches`, `fitting`).
3. The teacher finds the times in recordings of actors (`recordings`).
4. The network learns from all of it, and its weights are written.
"""

import argparse

from lipsync_engine.viseme.network import WEIGHTS
from lipsync_engine.viseme.training import batches, corpus, fitting, recordings

TEACHER_FILES, TEACHER_STEPS = 8, 900
FILES, STEPS = 28, 4500


def main() -> None:
    """Go through the steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, help="of the network's training")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    corpus.build()
    batches.make_scenes(TEACHER_FILES)
    if not recordings.done():
        taught = batches.files(0, TEACHER_FILES)
        recordings.build(fitting.fit("teacher", TEACHER_STEPS, taught, options.seed))
    batches.make_scenes(FILES - TEACHER_FILES, first=TEACHER_FILES)
    model = fitting.fit("hearing", options.steps, batches.files(0, FILES), options.seed)
    model.export(WEIGHTS)
    print(f"{WEIGHTS} is written. Look at it with `make eval-viseme`.")


if __name__ == "__main__":
    main()
