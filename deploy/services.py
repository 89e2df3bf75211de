"""Which processes make Lipchord: their commands, and how one sees that each is ready."""

import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import redis

from deploy import stores
from deploy.devices import WorkerPlan
from deploy.processes import Child, ProcessSpec
from deploy.supervisor import Service
from tasks.contract import CPU_QUEUE, render_queue
from tasks.errors import StoreError
from tasks.fleet import Fleet
from tasks.house import WorkerInfo
from tasks.settings import Settings
from tasks.stores import connect

# Of Flower's table of tasks: which job and chunk comes right after what is done.
TASK_COLUMNS = "name,args,state,worker,received,started,runtime,retries,uuid"
API_THREADS = 128  # of gunicorn; most of them wait for a job, watch it, or send a video
GENERATOR_PATIENCE_S = 300.0  # as Celery's worker_proc_alive_timeout
HAND_BACK_S = 3.0  # a worker whose time to drain is over hands its chunk back, and ends
API_DRAIN_S = 2  # a request that waits for a video must not hold Ctrl-C up


def store(spec: stores.StoreSpec, server: Path) -> Service:
    """The queue store or the blob store."""
    return Service(stores.process(spec, server), lambda child: stores.answers(spec, child.pid))


def api(host: str, port: int, url: str, env: Mapping[str, str]) -> Service:
    """The API as a child of ours."""
    argv = api_command(host, port, API_DRAIN_S)
    spec = ProcessSpec("api", argv, env, stop=((signal.SIGTERM, API_DRAIN_S + 2.0),))
    return Service(spec, lambda _child: http_answers(f"{url}/healthz"))


def api_command(host: str, port: int, drain_s: int, threads: int = API_THREADS) -> tuple[str, ...]:
    """The API in gunicorn: one process, many threads, for the work is elsewhere.

    Args:
        drain_s: how long requests may still take after SIGTERM, seconds.
    """
    return (
        *_python("gunicorn"), "--bind", f"{host}:{port}", "--worker-class", "gthread",
        "--workers", "1", "--threads", str(threads), "--keep-alive", "15",
        "--graceful-timeout", str(drain_s),
        # Its socket would lie in the home folder.
        "--no-control-socket", "deploy.wsgi:app",
    )  # fmt: skip


def worker(plan: WorkerPlan, env: Mapping[str, str]) -> Service:
    """A Celery worker of its own for each device: one child, started by spawn."""
    settings = Settings.from_env({**os.environ, **env, **plan.env})
    queue = CPU_QUEUE if plan.kind == "cpu" else render_queue(settings.generator)
    argv = (
        *_python("celery"), "--app", "tasks.app", "--skip-checks", "worker",
        "--hostname", f"{plan.name}@%h", "--pool", "prefork", "--concurrency", "1",
        "--queues", queue, "--loglevel", "INFO", "--without-gossip", "--without-mingle",
    )  # fmt: skip
    spec = ProcessSpec(plan.name, argv, {**env, **plan.env}, stop=worker_stop(settings))
    return Service(spec, lambda child: _holds_generator(settings, child), GENERATOR_PATIENCE_S)


def worker_stop(settings: Settings) -> tuple[tuple[signal.Signals, float], ...]:
    """SIGTERM: take nothing more, and end after what is in hand. SIGQUIT: hand that back now."""
    return ((signal.SIGTERM, settings.drain_s), (signal.SIGQUIT, HAND_BACK_S))


def flower(host: str, port: int, login: str, control: bool, env: Mapping[str, str]) -> Service:
    """Flower; its login comes by the environment, where `ps` does not show it.

    Args:
        login: "user:password".
        control: whether it may also stop workers and end tasks; otherwise it only looks.
    """
    spec = ProcessSpec(
        "flower",
        (*_python("celery"), "--app", "tasks.app", "flower"),
        {
            **env,
            "FLOWER_ADDRESS": host,
            "FLOWER_PORT": str(port),
            "FLOWER_BASIC_AUTH": login,
            "FLOWER_READ_ONLY": "false" if control else "true",
            "FLOWER_TASKS_COLUMNS": TASK_COLUMNS,
        },
        stop=((signal.SIGTERM, 1.0),),
    )
    return Service(spec, lambda _child: http_answers(f"http://{host}:{port}/"))


def http_answers(url: str) -> bool:
    """Whether a server answers there, with whatever it says but a server error."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own http:// address
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def fleet(settings: Settings) -> tuple[WorkerInfo, ...]:
    """Living workers by heartbeat; none where the store does not answer."""
    client: redis.Redis = connect(settings.queue_url)
    try:
        return Fleet(client, settings.heartbeat_s).workers()
    except StoreError:
        return ()
    finally:
        client.close()


def _holds_generator(settings: Settings, child: Child) -> bool:
    return any(
        found.name == settings.worker_name and found.generator_ready and _is_of(found, child)
        for found in fleet(settings)
    )


def _is_of(found: WorkerInfo, child: Child) -> bool:
    """A heartbeat outlives its process for some seconds: it must be this child's."""
    try:
        return os.getpgid(found.pid) == child.pid
    except ProcessLookupError:
        return False


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module)
