"""`make train-viseme`: all steps in order. Each keeps what it has done: run again, and it goes on.

1. Synthesisers and recorded voices speak (`corpus`), English readers are aligned (`readers`).
2. The network learns from the voices until it can tell phones apart.
3. With that, the times in recordings and in what Kokoro says are found (`recordings`).
4. The network goes on learning, from all of it, and its weights are written.
"""

import argparse

from lipsync_engine.viseme.network import WEIGHTS
from lipsync_engine.viseme.training import batches, corpus, curves, fitting, readers, recordings

FIRST_FILES, FIRST_STEPS = 6, 1200
FILES, STEPS = 24, 11_000
QUIET_FILES, QUIET = 4, 0.4  # more scenes, in which that share is silence, noise, music


def main() -> None:
    """Go through the steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    corpus.build()
    readers.build()
    if not recordings.done():
        batches.make_scenes(FIRST_FILES)
        heard = batches.files(0, FIRST_FILES)
        recordings.build(fitting.fit("hearing", STEPS, heard, seed, until=FIRST_STEPS))
    batches.make_scenes(FILES, first=FIRST_FILES)
    heard = batches.files(FIRST_FILES, FIRST_FILES + FILES)
    batches.make_scenes(QUIET_FILES, first=FIRST_FILES + FILES, silent=QUIET)
    heard += 2 * batches.files(FIRST_FILES + FILES, FIRST_FILES + FILES + QUIET_FILES)
    fitting.fit("hearing", STEPS, heard, seed).export(WEIGHTS)
    curves.main()
    print(f"{WEIGHTS} is written. Look at it with `make eval-viseme`.")


if __name__ == "__main__":
    main()
