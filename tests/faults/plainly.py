"""The same three steps as a plain chord, without record, lease, fence, dispatch or webhook.

Tasks of this house's own workers (see `app`), so that `cost` can run both ways in one run.
"""

import json
from functools import lru_cache

from celery import chord

from tasks import worker
from tasks.app import app
from tasks.blueprint import Plan
from tasks.contract import CPU_QUEUE, JobRequest, render_queue
from tasks.paces import like
from tasks.plan import Capacity, make_plan
from tasks.render import Renderer
from tasks.stitch import stitch
from tasks.stores import connect

DONE = "plainly:done"


@app.task(name="plainly.plan")
def plan(request: dict[str, object]) -> None:
    here = worker.current()
    asked = JobRequest(**request)  # type: ignore[arg-type]
    made = make_plan(
        asked, here.storage, here.settings, Capacity(like(asked.generator, 2)), lambda _: None
    )
    text = made.to_json()
    header = [
        render.s(text, index).set(queue=render_queue(asked.generator))
        for index in range(len(made.chunks))
    ]
    chord(header, merge.s(text).set(queue=CPU_QUEUE), app=app).apply_async()


@app.task(name="plainly.render")
def render(text: str, index: int) -> str:
    made = Plan.from_json(text)
    return _renderer().render(made, made.chunks[index], lambda _: True).key


@app.task(name="plainly.merge")
def merge(keys: list[str], text: str) -> None:
    here = worker.current()
    video = stitch(Plan.from_json(text), keys, here.storage, here.settings)
    connect(here.settings.queue_url).rpush(DONE, json.dumps({"video": video.key}))


@lru_cache(1)
def _renderer() -> Renderer:
    here = worker.current()
    return Renderer(here.renderer.generator, here.storage, here.settings)
