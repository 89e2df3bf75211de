"""A whole house to break: two stores, four workers and, if wanted, the API and proxies."""

import io
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from deploy.guard import Guard
from deploy.ports import free_port
from tasks.app import make_app
from tasks.chord import CeleryPublisher
from tasks.client import JobQueue
from tasks.contract import JobRequest
from tasks.records import Records
from tasks.settings import Settings
from tasks.storage import RedisStorage
from tasks.stores import connect
from tests.faults.crew import CPUS, EXTRA, GENERATOR, RENDERERS, Api, Crew, settings_env
from tests.faults.disk import SmallDisk
from tests.faults.proxy import Proxy
from tests.faults.servers import Server
from tests.faults.sounds import wav
from tests.receivers import receiving

LEASE_S = 2.0
HEARTBEAT_S = 0.4
REAPER_S = 0.3
READY_S = 60.0
FPS = 10
MOST_CHUNKS = 6


@dataclass(frozen=True)
class Build:
    """What kind of house a scenario needs; runs that need the same share one.

    Attributes:
        api: whether gunicorn serves.
        proxied: whether workers and API reach the stores through proxies.
        visibility_s: Celery's visibility timeout.
        env: more variables for every process.
    """

    api: bool = False
    proxied: bool = False
    visibility_s: float = 3600.0
    env: tuple[tuple[str, str], ...] = ()


class House:
    """Everything starts in the constructor; `mend` repairs what a run has broken."""

    def __init__(self, build: Build, guard: Guard) -> None:
        self.build = build
        # What a killed worker held, or one that lost its connection, comes back with the
        # visibility timeout: until `residue.let_time_pass` it is not looked for.
        self.orphans = False
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        self.desk, self.passages = self.folder / "desk", self.folder / "passages"
        for folder in (self.desk, self.passages):
            folder.mkdir()
        self.disk = SmallDisk(self.folder / "tmp")
        self._doors = ExitStack()
        self.receiver = self._doors.enter_context(receiving())
        self.queue_server = Server("queue", self.folder, guard)
        self.blob_server = Server("blobs", self.folder, guard)
        self.proxies: dict[str, Proxy] = {}
        if build.proxied:
            self.proxies = {"queue": Proxy(self.queue_server.port),
                            "blobs": Proxy(self.blob_server.port)}  # fmt: skip
        self.settings = self._settings(self.queue_server.port, self.blob_server.port)
        self.crew = Crew(self._env(), self.folder, guard)
        self.api = Api(self._env(), free_port(), self.folder, guard) if build.api else None
        self._open_doors()
        # The front door checks generators' names in this process.
        self._doors.enter_context(patch.dict(os.environ, {"LIPCHORD_EXTRA_GENERATORS": EXTRA}))
        self.until(self.ready, READY_S, "the house does not come up")

    def _settings(self, queue: int, blobs: int) -> Settings:
        wanted = Settings.from_env({**os.environ, **dict(self.build.env)})
        return replace(
            wanted,
            queue_url=f"redis://127.0.0.1:{queue}/0",
            blob_url=f"redis://127.0.0.1:{blobs}/0",
            webhook_allow="127.0.0.0/8",
            heartbeat_s=HEARTBEAT_S,
            reaper_s=REAPER_S,
        )

    def _env(self) -> Mapping[str, str]:
        seen = self.settings
        if self.proxies:
            seen = self._settings(self.proxies["queue"].port, self.proxies["blobs"].port)
        return {
            **settings_env(seen),
            "LIPCHORD_LEASE_S": str(LEASE_S),
            "LIPCHORD_WEBHOOK_ALLOW": "127.0.0.0/8",
            "LIPCHORD_FAILPOINT": f"@{self.desk / 'armed'}",
            "LIPCHORD_FAILPOINT_DIR": str(self.passages),
            "FAULTS_DIR": str(self.desk),
            "FAULTS_VISIBILITY_S": str(self.build.visibility_s),
            "TMPDIR": str(self.disk.folder),
            "LIPCHORD_VAR_DIR": str(self.folder / "var"),
            **dict(self.build.env),
        }

    def _open_doors(self) -> None:
        """The front door and the records, as this process sees them: never through a proxy."""
        self.queue = JobQueue(self.settings, CeleryPublisher(make_app(self.settings)))
        self.redis = connect(self.settings.queue_url)
        self.records = Records(self.redis, self.settings.job_ttl_s)
        self.storage = RedisStorage(connect(self.settings.blob_url), self.settings.blob_part_bytes)

    # -- using -------------------------------------------------------------------------

    def request(self, seconds: int, seed: int) -> JobRequest:
        """A job of so many one-second chunks at most; its sound is put into the store."""
        sound = self.queue.store_upload(io.BytesIO(wav(seconds)))
        return JobRequest(
            speech=sound, generator=GENERATOR, fps=str(FPS), num_workers=MOST_CHUNKS, seed=seed,
            webhook=self.receiver.url,
        )  # fmt: skip

    def body(self, seconds: int, seed: int) -> str:
        """The same as a body for the API."""
        asked = self.request(seconds, seed)
        return json.dumps({
            "audio": asked.speech, "generator": asked.generator, "fps": asked.fps,
            "num_workers": asked.num_workers, "seed": asked.seed,
            "webhook": asked.webhook,
        })  # fmt: skip

    def pids(self) -> tuple[int, ...]:
        """Process ids of the stores, the workers and the API; not of their children."""
        return (
            self.queue_server.pid, self.blob_server.pid, *self.crew.pids(),
            *([self.api.pid] if self.api else []),
        )  # fmt: skip

    # -- breaking ----------------------------------------------------------------------

    def arm(self, *points: str) -> None:
        """Ask for failpoints in every process of this house: "chunk:claimed:2:kill"."""
        for passage in self.passages.iterdir():
            passage.unlink(missing_ok=True)
        new = self.desk / "armed.new"
        new.write_text(",".join(points))
        new.replace(self.desk / "armed")

    def pace(self, delay_s: float) -> None:
        """Seconds that a frame takes to render."""
        new = self.desk / "delay_s.new"
        new.write_text(str(delay_s))
        new.replace(self.desk / "delay_s")

    def new_version(self) -> None:
        """Render workers that start from now on are of another version than those there are."""
        named = self.desk / "version"
        named.write_text(str(int(named.read_text()) + 1 if named.exists() else 2))

    def calm(self) -> None:
        """Nothing is slow or poisoned; before a run."""
        self.pace(0)
        for file in (*self.desk.glob("poison-*"), *self.desk.glob("taken-*")):
            file.unlink(missing_ok=True)

    def poison(self, seed: int, how: str) -> None:
        """What goes wrong with the job of this seed; see `stamping`."""
        (self.desk / f"poison-{seed}").write_text(how)

    def passed(self, passage: str, timeout_s: float = 30.0) -> tuple[int, float]:
        """Wait for passage "chunk:mid.3"; returns who made it (process id) and when."""
        file = self.passages / passage
        self.until(lambda: file.exists() and bool(file.read_text()), timeout_s, f"no {passage}")
        return int(file.read_text()), file.stat().st_mtime

    # -- mending -----------------------------------------------------------------------

    def ready(self) -> bool:
        """Whether every worker lives and holds its generator, and the API answers."""
        there = {w.name for w in self.queue.workers() if w.generator_ready and self.crew.owns(w)}
        return there == {*CPUS, *RENDERERS} and (self.api is None or self.api.ready)

    def mend(self) -> None:
        """Whole again: stores, workers, API, network, memory limits; nothing is armed."""
        self.arm()
        self.disk.free()
        for proxy in self.proxies.values():
            proxy.set("pass")
        for server in (self.queue_server, self.blob_server):
            if not server.alive:
                server.start()
            server.unfill()
        for name in (*CPUS, *RENDERERS):
            self.crew.strike(name, signal.SIGCONT)
        self.crew.start_missing()
        if self.api is not None and not self.api.alive:
            self.api.start()

    def until(
        self, condition: Callable[[], bool], timeout_s: float = 30.0, otherwise: str = "too late"
    ) -> None:
        """Wait for `condition`. Time in which this machine froze us counts for little.

        Raises:
            TimeoutError: it did not come; the text is `otherwise`.
        """
        waited, last = 0.0, time.monotonic()
        while not condition():
            if waited > timeout_s:
                raise TimeoutError(otherwise)
            time.sleep(0.05)
            waited += min(time.monotonic() - last, 0.5)
            last = time.monotonic()

    def keep_logs(self, folder: Path) -> None:
        """Copy what its processes have said."""
        folder.mkdir(parents=True, exist_ok=True)
        for log in self.folder.glob("*.log"):
            shutil.copy(log, folder)

    def close(self) -> None:
        self._doors.close()
        self.arm()
        if self.api is not None:
            self.api.stop()
        self.crew.stop()
        for server in (self.queue_server, self.blob_server):
            server.kill()
        for proxy in self.proxies.values():
            proxy.close()
        self.disk.close()
        shutil.rmtree(self.folder, ignore_errors=True)
