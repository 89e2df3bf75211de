"""A whole house behind the API: the real queue on real stores, and a hand as its workers."""

import io
from collections.abc import Sequence
from fractions import Fraction

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.app import create_app
from tasks.blueprint import Chunk, Plan
from tasks.client import JobQueue
from tasks.contract import Failure, MediaKind, VideoInfo
from tasks.fleet import Fleet
from tasks.holds import Holds, Kind
from tasks.house import WorkerInfo
from tasks.inspection import Inspections
from tasks.kept import Point
from tasks.records import Records
from tasks.settings import Settings
from tasks.storage import RedisStorage
from tasks.stores import connect

JOBS = "/api/v1/jobs"
HELLO = {"text": "Hello there", "language": "en"}


class Outbox:
    """A publisher that keeps what it is given: the hand below does the work."""

    def __init__(self) -> None:
        self.planned: list[str] = []
        self.compared: list[str] = []

    def plan(self, job_id: str) -> None:
        self.planned.append(job_id)

    def compare(self, comparison_id: str) -> None:
        self.compared.append(comparison_id)

    def inspect(self, kind: MediaKind, key: str, fps: str) -> None:
        raise AssertionError("no cpu worker is alive, so nobody is asked to look")

    def make_face(self, ticket: str, source: str, wanted: Sequence[Point] | None) -> None:
        raise AssertionError("no cpu worker is alive, so nobody is asked to look")


class House:
    """The API as clients see it, and the other side of the queue as workers do."""

    outbox_class: type[Outbox] = Outbox

    def __init__(self, queue_url: str, blob_url: str, **settings: float) -> None:
        # The hand that works here has no heartbeat, and takes jobs as they come.
        alone = {"ready_grace_s": 0.0, "jobs_under_way": 1000}
        self.settings = Settings(queue_url=queue_url, blob_url=blob_url, **alone | settings)  # type: ignore[arg-type]
        client, blobs = connect(queue_url), connect(blob_url)
        self.outbox = self.outbox_class()
        self.queue = JobQueue(self.settings, self.outbox)
        self.app = create_app(self.queue, self.settings)
        self.http: FlaskClient = self.app.test_client()
        self.records = Records(client)
        self.storage = RedisStorage(blobs, self.settings.blob_part_bytes)
        self.holds = Holds(blobs, self.settings)
        self.inspections = Inspections(client)
        self.fleet = Fleet(client, 2.0)

    def accepted(self, **body: object) -> str:
        """A job's id, sent through the API."""
        answer = self.http.post(JOBS, json=HELLO | body)
        assert answer.status_code == 202, answer.text
        return str(answer.get_json()["id"])

    def planned(self, job_id: str, *lengths: int, known: str | None = None) -> None:
        """Cut it into chunks of so many frames; `known` is the first one's blob, if it has one."""
        starts = [sum(lengths[:index]) for index in range(len(lengths))]
        cuts = enumerate(zip(starts, lengths, strict=True))
        self.records.begin_plan(job_id)
        self.records.set_plan(job_id, Plan(
            request=self.queue.job(job_id).request, fps=Fraction(25), n_frames=sum(lengths),
            n_samples=640 * sum(lengths),
            chunks=tuple(Chunk(i, a, n, None if i else known) for i, (a, n) in cuts),
            pcm="blob_p", track="blob_t", track_suffix=".wav", face="blob_f",
            warnings=("There are two faces; the larger one speaks.",),
        ))  # fmt: skip

    def rendered(self, job_id: str, index: int, n_frames: int) -> None:
        """Commit one chunk."""
        claim = self.records.claim(job_id, index, f"render{index}")
        self.records.commit(job_id, index, claim.fence, f"blob_{index}", n_frames)

    def succeeded(self, job_id: str, video: bytes) -> None:
        """Give the job its video: two chunks, rendered and merged."""
        self.planned(job_id, 30, 20)
        self.finished(job_id, video)

    def finished(self, job_id: str, video: bytes) -> None:
        """Give a planned job its video: all its chunks, rendered and merged."""
        chunks = self.records.plan(job_id).chunks
        for chunk in chunks:
            self.rendered(job_id, chunk.index, chunk.n_frames)
        blob = self.storage.put(video, 600)
        self.holds.hold(job_id, [blob.key], Kind.RESULT)
        fence = self.records.begin_merge(job_id, len(chunks))
        assert fence is not None
        assert self.records.finish(job_id, fence, VideoInfo(blob.key, blob.size, blob.sha256))

    def failed(self, job_id: str, reason: str, detail: str) -> None:
        """End it without a video."""
        assert self.records.fail(job_id, Failure(reason, detail))

    def beat(self, name: str, kind: str, ready: bool = True) -> None:
        """One heartbeat of a worker."""
        generator = "viseme" if kind == "render" else None
        self.fleet.beat(WorkerInfo(name, kind, generator, ready, "cores 0", 1, setups=1))

    def looked_at(self, content: bytes, kind: MediaKind, reason: str, detail: str) -> None:
        """What a cpu worker has found out about an upload with this content."""
        key = self.queue.store_upload(io.BytesIO(content))
        self.inspections.put(kind, key, "25", Failure(reason, detail))


def problem_of(answer: TestResponse, status: int, name: str) -> dict[str, object]:
    """The answer's problem, which must be of this status and type, and say what to do."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body["type"] == f"/problems/{name}"
    assert body["status"] == status
    assert body["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"
    assert "Traceback" not in answer.text
    assert len(body["detail"]) > 20
    return dict(body)
