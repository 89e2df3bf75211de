"""Lipchord on three hosts: stores, API and cpu worker on the hub, a render worker on each host."""

import json
import os
import secrets
import signal
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import redis

from deploy import services, stores
from deploy.guard import Guard
from deploy.processes import Child, ProcessSpec, stop_all
from tests.faults.crew import EXTRA, GENERATOR
from tests.faults.sounds import wav
from tests.faults.stamping import read_stamp
from tests.hosts.lan import ADDRESSES, HOSTS, HUB, Lan

FPS = 10
CHUNK_S = 1  # a chunk is a second of sound
LEASE_S = 2.0
READY_S = 90.0
QUEUE_PORT, BLOB_PORT, API_PORT = 6390, 6391, 3000  # the usual ones: these networks are empty


@dataclass(frozen=True)
class Done:
    """A finished job: its view, and how long it took from its submit, seconds."""

    job: dict[str, Any]
    seconds: float

    @property
    def attempts(self) -> list[int]:
        """Of each chunk."""
        return [chunk["attempts"] for chunk in self.job["chunks"]["list"]]

    @property
    def hosts(self) -> set[str]:
        """Whose workers rendered its chunks."""
        return {chunk["worker"].partition("@")[2] for chunk in self.job["chunks"]["list"]}


class Site:
    """Real processes; to be used inside `lan.entered(HUB)`, as whoever asks the API."""

    def __init__(self, lan: Lan, folder: Path, guard: Guard) -> None:
        self.lan, self._folder, self._guard = lan, folder, guard
        self._password = secrets.token_urlsafe(16)
        self.desk = folder / "desk"
        self.desk.mkdir()
        self.pace(0)
        self.children: dict[str, Child] = {}
        self._store("queue", QUEUE_PORT)
        self._store("blobs", BLOB_PORT)
        api = services.api(ADDRESSES[HUB], API_PORT, self.url, self._env("hub")).process
        self.children["api"] = Child(api, folder, guard)
        self._worker(HUB, "--no-render")
        for host in HOSTS:
            self._worker(host, "--no-cpu", "--workers", "1", "--generator", GENERATOR)
        self.until(self.ready, READY_S, "the workers of all hosts")

    @property
    def url(self) -> str:
        return f"http://{ADDRESSES[HUB]}:{API_PORT}"

    def pace(self, delay_s: float) -> None:
        """Seconds that a frame takes to render."""
        (self.desk / "delay_s.new").write_text(str(delay_s))
        (self.desk / "delay_s.new").replace(self.desk / "delay_s")

    def ready(self) -> bool:
        """Whether each host's worker is heard."""
        try:
            workers = self.get("/api/v1/workers")["workers"]
        except OSError:
            return False
        there = {w["name"].partition("@")[2] for w in workers if w["generator_ready"]}
        return {*HOSTS, HUB} <= there

    def start(self, seconds: int, seed: int) -> str:
        """Send a job of so many one-second chunks; its id."""
        boundary = secrets.token_hex(8)
        fields = {"generator": GENERATOR, "fps": FPS, "num_workers": seconds, "seed": seed}
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                 for name, value in fields.items()]  # fmt: skip
        head = (f'--{boundary}\r\nContent-Disposition: form-data; name="audio"; '
                'filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n')  # fmt: skip
        body = ("".join(parts) + head).encode() + wav(seconds) + f"\r\n--{boundary}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return str(self.get("/api/v1/jobs", body, kind)["id"])

    def finish(self, job_id: str, began: float, timeout_s: float = 90.0) -> Done:
        """Wait until a job has ended."""
        self.until(
            lambda: self.job(job_id)["state"] in ("succeeded", "failed"), timeout_s, "the job's end"
        )
        return Done(self.job(job_id), time.monotonic() - began)

    def run(self, seconds: int, seed: int) -> Done:
        """A whole job."""
        began = time.monotonic()
        return self.finish(self.start(seconds, seed), began)

    def job(self, job_id: str) -> dict[str, Any]:
        return self.get(f"/api/v1/jobs/{job_id}")

    def frames(self, job_id: str) -> list[tuple[int, int]]:
        """(seed, number) as each frame of the finished video shows it, in order."""
        path = self._folder / f"{job_id}.mp4"
        with urllib.request.urlopen(f"{self.url}/api/v1/jobs/{job_id}/video", timeout=60) as video:
            path.write_bytes(video.read())
        with av.open(str(path)) as container:
            assert container.streams.video[0].average_rate == Fraction(FPS)
            return [read_stamp(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]

    def get(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """What the API answers. Raises OSError."""
        asked = urllib.request.Request(self.url + path, body, headers or {})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def until(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Wait; fail with the ends of all logs when it does not come."""
        end = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > end:
                words = "\n".join(f"-- {n}\n{c.last_words()}" for n, c in self.children.items())
                raise AssertionError(f"{what} did not come in {timeout_s:.0f} s\n{words}")
            time.sleep(0.05)

    def close(self) -> None:
        stop_all(reversed(self.children.values()))

    def _worker(self, host: str, *options: str) -> None:
        var = self._folder / f"var-{host}"
        argv = (str(Path(sys.executable).with_name("lipchord")), "worker", *options,
                "--var", str(var))  # fmt: skip
        spec = ProcessSpec(f"worker-{host}", self.lan.inside(host, argv), self._env(host),
                           stop=((signal.SIGTERM, 10.0),))  # fmt: skip
        self.children[host] = Child(spec, self._folder, self._guard)

    def _store(self, kind: Literal["queue", "blobs"], port: int) -> None:
        """A store as other hosts reach it: on the network, behind a password."""
        spec = stores.StoreSpec(kind, port, self._folder / kind, kind, 128 * 2**20)
        argv = stores.process(spec, stores.find_server()).argv
        open_to_hosts = ("--bind", ADDRESSES[HUB], "--requirepass", self._password)
        self.children[kind] = Child(
            ProcessSpec(kind, (*argv, *open_to_hosts)), self._folder, self._guard
        )

        def answers() -> bool:
            try:
                with redis.Redis.from_url(self._store_url(port)) as client:
                    return bool(client.ping())
            except redis.RedisError:
                return False

        self.until(answers, 30, f"the {kind} store")

    def _store_url(self, port: int) -> str:
        return f"redis://:{self._password}@{ADDRESSES[HUB]}:{port}/0"

    def _env(self, host: str) -> dict[str, str]:
        temporary = self._folder / f"tmp-{host}"
        temporary.mkdir(exist_ok=True)
        return {
            "LIPCHORD_QUEUE_URL": self._store_url(QUEUE_PORT),
            "LIPCHORD_BLOB_URL": self._store_url(BLOB_PORT),
            "LIPCHORD_LEASE_S": str(LEASE_S),
            "LIPCHORD_HEARTBEAT_S": "0.4",
            "LIPCHORD_REAPER_S": "0.3",
            "LIPCHORD_EXTRA_GENERATORS": EXTRA,
            "FAULTS_DIR": str(self.desk),
            "TMPDIR": str(temporary),
            "OMP_NUM_THREADS": "1",
            "PATH": os.environ["PATH"],
        }
