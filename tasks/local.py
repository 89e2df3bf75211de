"""The same plan, render and merge in one process: no store, no queue, no other process."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from lipsync_engine import registry, speech
from lipsync_engine.generator import Generator
from tasks.blueprint import Plan
from tasks.contract import JobRequest
from tasks.plan import Capacity, make_plan
from tasks.render import Renderer
from tasks.settings import Settings
from tasks.stitch import stitch
from tasks.storage import MemoryStorage, fetch

KEEP_S = 30 * 86400  # longer than any rendering: memory storage ends with the process anyway


@dataclass(frozen=True, slots=True)
class LocalReport:
    """What was made: the plan, and seconds by stage ("plan", "setup", "render", "merge").

    The generator is set up while the plan is made: "setup" is how much longer that took.
    """

    plan: Plan
    timings: dict[str, float]


def render_locally(
    request: JobRequest,
    out: Path,
    settings: Settings,
    speech_path: Path | None = None,
    face_path: Path | None = None,
    on_progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> LocalReport:
    """Make the video `out` from the request and its two optional files.

    Args:
        on_progress: told the stage and how far it is, 0..1.

    Raises:
        InputError: text, sound or face cannot be used, and what to do.
        GeneratorError: the generator is unknown or its weights are bad.
    """
    settings = replace(
        settings, upload_ttl_s=KEEP_S, chunk_ttl_s=KEEP_S, result_ttl_s=KEEP_S, early_s=0.0
    )
    storage = MemoryStorage()
    request = _with_uploads(request, speech_path, face_path, storage, settings)
    watch = _Watch()
    with ThreadPoolExecutor(1) as beside:  # planning is mostly other processes' work
        ready = beside.submit(_set_up, request.generator)
        plan = make_plan(
            request, storage, settings, Capacity(), lambda done: on_progress("plan", done)
        )
        watch.lap("plan")
        generator = ready.result()
    watch.lap("setup")
    keys = _render(plan, Renderer(generator, storage, settings), on_progress)
    watch.lap("render")
    video = stitch(plan, keys, storage, settings)
    fetch(storage, video.key, out)
    on_progress("merge", 1.0)
    watch.lap("merge")
    return LocalReport(plan, watch.laps)


def _with_uploads(
    request: JobRequest,
    speech_path: Path | None,
    face_path: Path | None,
    storage: MemoryStorage,
    settings: Settings,
) -> JobRequest:
    if speech_path is None:
        speech.check_text(
            request.text or "", request.language, request.voice, request.rate, request.pitch,
            settings.max_text_chars,
        )  # fmt: skip
    else:
        request = replace(request, speech=storage.put(speech_path.read_bytes(), KEEP_S).key)
    if face_path is not None:
        request = replace(request, face=storage.put(face_path.read_bytes(), KEEP_S).key)
    return request


def _set_up(name: str) -> Generator:
    generator = registry.create(name)
    generator.setup()
    return generator


def _render(plan: Plan, renderer: Renderer, on_progress: Callable[[str, float], None]) -> list[str]:
    keys = []
    for chunk in plan.chunks:

        def note(frames: int, first: int = chunk.first_frame) -> bool:
            on_progress("render", (first + frames) / plan.n_frames)
            return True

        keys.append(renderer.render(plan, chunk, note).key)
    return keys


class _Watch:
    """Seconds between laps, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._since, 3)
        self._since = now
