"""A house for whoever sends what nobody thought of: its jobs end as soon as they are sent.

So nothing that a stranger opens stays open: a stream of events has an end, a wait is short. Every
job has the same film, made once: its chunks, sound, captions and video are real.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.contract import Failure, MediaKind, VideoInfo
from tasks.face_findings import FaceFindings
from tasks.face_making import make_face
from tasks.fleet import Fleet
from tasks.holds import Kind
from tasks.kept import MadeFace, Point
from tasks.stores import connect
from tests.api_house import JOBS
from tests.looking_house import FACES, Looking, LookingHouse, photo
from tests.streams import Film, film

FAILS = 2**32 - 1  # the seed of a job that fails


class Finishing(Looking):
    """A publisher that does at once what workers would, with what was made before."""

    house: "OpenHouse"

    def plan(self, job_id: str) -> None:
        if self.house.stock is not None:
            self.house.finish(job_id)

    def inspect(self, kind: MediaKind, key: str, fps: str) -> None:
        failure = Failure("unreadable-media", "The file cannot be read. Send another.")
        self.house.inspections.put(kind, key, fps, failure)

    def make_face(self, ticket: str, source: str, wanted: Sequence[Point] | None) -> None:
        points = wanted or self.house.face.landmarks
        made = replace(self.house.face, source=source, landmarks=tuple(points))
        FaceFindings(connect(self.house.settings.queue_url)).put(ticket, made)


class OpenHouse(LookingHouse):
    """The API, the real stores, and workers that need no time."""

    outbox_class = Finishing
    stock: tuple[Film, VideoInfo] | None = None

    def __init__(self, queue_url: str, blob_url: str, folder: Path, **settings: Any) -> None:
        super().__init__(queue_url, blob_url, heartbeat_s=600.0, **settings)
        self.fleet = Fleet(connect(queue_url), self.settings.heartbeat_s)
        self.beat("cpu0", "cpu")
        self.beat("render0", "render")
        source = self.storage.put(photo(768, 1.0), self.settings.upload_ttl_s).key
        self.face: MadeFace = make_face(source, None, self.storage, self.settings)
        made = film(self, folder, 30, 20)
        made.sound()
        made.bring(0, 1)
        self.stock = (made, made.merge())

    def finish(self, job_id: str) -> None:
        """Bring a job that was just dispatched to its end."""
        assert self.stock is not None
        made, video = self.stock
        request = self.queue.job(job_id).request
        if request.seed == FAILS:
            self.failed(job_id, "render-failed", "A chunk could not be rendered.")
            return
        plan = replace(made.plan, request=request)
        self.records.begin_plan(job_id)
        self.records.set_plan(job_id, plan)
        self.records.mark_chord(job_id)
        self.holds.hold(job_id, [str(plan.captions), video.key], Kind.RESULT)
        mine = Film(self, job_id, plan, made.keys)
        mine.sound()
        mine.bring(*range(len(made.keys)))
        fence = self.records.begin_merge(job_id, len(made.keys))
        assert fence is not None
        assert self.records.finish(job_id, fence, video)

    def ids(self) -> dict[str, str]:
        """Of one job, one face and one comparison, by the names of parameters."""
        made = self.http.post(FACES, json={"face": self.face.source})
        compared = self.http.post("/api/v1/comparisons", json={"text": "Two against one."})
        job = self.http.post(JOBS, json={"text": "Hello there."})
        found = {"face_id": made, "comparison_id": compared, "job_id": job}
        return {name: str(answer.get_json()["id"]) for name, answer in found.items()}
