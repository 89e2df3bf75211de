"""Stack: all of Lipchord on this machine, from two stores up to Flower."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from deploy import devices, services, stores
from deploy.errors import AlreadyRunningError, PortTakenError
from deploy.places import Lock, Places
from deploy.ports import becomes_free, free_port, holder
from deploy.running import running_url
from deploy.supervisor import Backoff, Say, Service, Supervisor
from tasks.settings import PLAIN_STORES, Settings

FLOWER_USER = "lipchord"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - to find, not to bind


@dataclass(frozen=True)
class StackOptions:
    """How a stack is started. A port of 0 is any free one.

    Attributes:
        var: everything that is written lies here; relative to the checkout.
        host: address that the API and Flower listen on.
        flower: whether Flower runs.
        render_workers: at most so many; None: one for each GPU, or for each group of cores.
        group_size: cores of one render worker, where there is no GPU.
        generator: what the render workers hold.
        blob_memory: limit of the blob store, bytes; None: a quarter of the machine's.
        env: more variables for every process, such as LIPCHORD_HEARTBEAT_S.
        backoff: how deaths are answered.
    """

    var: Path | str = ".var"
    host: str = "127.0.0.1"
    port: int = 3000
    flower_port: int = 5555
    queue_port: int = 6390
    blob_port: int = 6391
    flower: bool = True
    render_workers: int | None = None
    group_size: int = 1
    generator: str = "viseme"
    blob_memory: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    backoff: Backoff = field(default_factory=Backoff)


class Stack:
    """A running stack; `with Stack(options) as stack:` starts it and stops it.

    Attributes:
        url: of the API.
        flower_url, flower_login: of Flower, the login as "user:password"; made anew each time.
        queue_url, blob_url: of the stores.
    """

    def __init__(
        self,
        options: StackOptions | None = None,
        say: Say = lambda _name, _what: None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self.options = options or StackOptions()
        self.places = Places.at(self.options.var)
        self._say, self._interrupted = say, interrupted
        self._lock: Lock | None = None
        self._supervisor: Supervisor | None = None
        self._settings = Settings.from_env({**os.environ, **self.options.env, **PLAIN_STORES})
        made = f"{FLOWER_USER}:{secrets.token_urlsafe(12)}"
        self.flower_login = self._settings.flower_login or made

    def __enter__(self) -> "Stack":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all; returns when a job would be rendered.

        Raises:
            AlreadyRunningError, PortTakenError, ServerMissingError, ProcessError: what to do.
        """
        server = stores.find_server()
        self._lock = Lock.take(self.places)
        if self._lock is None:
            raise AlreadyRunningError(_already(self.places))
        try:
            self.places.make()
            self._choose_ports()
            self._supervisor = Supervisor(
                self._stages(server),
                self.places.logs,
                self._say,
                self.options.backoff,
                self._interrupted,
            )
            self._supervisor.start()
            self._write_state()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all, in less than 10 s; what the stores hold is kept."""
        if self._supervisor is not None:
            self._supervisor.stop()
        if self._lock is not None:
            self.places.state.unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def wait(self, timeout_s: float | None = None) -> None:
        """Return after `timeout_s`, or never. Raises ProcessError: one of them keeps dying."""
        self._running.wait(timeout_s)

    def pid(self, name: str) -> int:
        """Process id of "queue", "blobs", "api", "cpu0", "render0", …; KeyError if it is down."""
        return self._running.pid(name)

    def pids(self) -> dict[str, int]:
        """Process ids of what runs now, by name."""
        return self._running.pids()

    @property
    def env(self) -> dict[str, str]:
        """What every process of this stack is told."""
        return {
            **self.places.env(),
            **self.options.env,
            **PLAIN_STORES,
            "LIPCHORD_QUEUE_URL": self.queue_url,
            "LIPCHORD_BLOB_URL": self.blob_url,
        }

    @property
    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("the stack is not started")
        return self._supervisor

    def _stages(self, server: Path) -> list[list[Service]]:
        options, env = self.options, self.env
        plans = devices.render_workers(
            devices.look(), options.generator, options.group_size, options.render_workers
        )
        linked = {"LIPCHORD_FLOWER_URL": self.flower_url} if options.flower else {}
        working = [
            services.api(options.host, self._ports["port"], self.url, linked | env),
            services.worker(devices.cpu_worker(), env),
            *(services.worker(plan, env) for plan in plans),
        ]
        stages = [[services.store(self._queue, server), services.store(self._blobs, server)]]
        stages.append(working)
        if options.flower:
            port = self._ports["flower_port"]
            control = bool(self._settings.flower_control)
            stages.append([services.flower(options.host, port, self.flower_login, control, env)])
        return stages

    def _choose_ports(self) -> None:
        names = [
            "queue_port",
            "blob_port",
            "port",
            *(["flower_port"] if self.options.flower else []),
        ]
        self._ports: dict[str, int] = {}
        for name in names:
            wanted: int = getattr(self.options, name)
            host = self.options.host if name in ("port", "flower_port") else stores.HOST
            if wanted and not becomes_free(wanted, host):
                raise PortTakenError(_taken(name, wanted))
            self._ports[name] = wanted or free_port(host)
        memory = self.options.blob_memory or stores.default_blob_memory()
        self._queue = stores.StoreSpec(
            "queue", self._ports["queue_port"], self.places.store("queue"), "queue",
            stores.QUEUE_MAXMEMORY,
        )  # fmt: skip
        self._blobs = stores.StoreSpec(
            "blobs", self._ports["blob_port"], self.places.store("blobs"), "blobs", memory
        )
        address = EVERYWHERE.get(self.options.host, self.options.host)
        self.queue_url, self.blob_url = self._queue.url, self._blobs.url
        self.url = f"http://{address}:{self._ports['port']}"
        self.flower_url = f"http://{address}:{self._ports.get('flower_port', 0)}"

    def _write_state(self) -> None:
        state = {
            "pid": os.getpid(),
            "url": self.url,
            "flower_url": self.flower_url if self.options.flower else None,
            "queue_url": self.queue_url,
            "blob_url": self.blob_url,
            "pids": self.pids(),
        }
        fresh = self.places.state.with_suffix(".new")
        fresh.write_text(json.dumps(state, indent=1))
        fresh.replace(self.places.state)


def _already(places: Places) -> str:
    url = running_url(places)
    where = f" on {url}" if url else ", and is just starting or stopping"
    return (
        f"A stack of this checkout is up already{where}. Use it, stop it with Ctrl-C where it "
        f"runs, or give this one a folder and ports of its own: --var .var/second --port 3001 "
        f"--flower-port 5556 --queue-port 6392 --blob-port 6393."
    )


def _taken(name: str, port: int) -> str:
    who = holder(port) or "another process"
    option = "--" + name.replace("_", "-")
    return f"Port {port} is taken by {who}. End it, or choose another port: {option} {port + 10}."
