"""`lipchord worker`: only the workers of this host, on stores that run elsewhere."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import redis

from deploy import devices, services
from deploy.errors import AlreadyRunningError, InterruptedStartError, ProcessError
from deploy.places import Lock, Places
from deploy.supervisor import Say, Supervisor
from tasks.addresses import Address, redacted
from tasks.fleet import MISSED_BEATS
from tasks.settings import Settings
from tasks.stores import connect, why


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What a host is to run.

    Attributes:
        cpu_workers: that plan and merge.
        rendering: whether it renders.
        at_most: render workers; None: as many as devices and memory allow.
        group_size: cores of a render worker, where there is no GPU.
        per_device: render workers that share a GPU, or a group of cores.
        devices: GPUs, as `deploy.gpus.chosen` reads them; None: all that are visible.
        cores: such as "0-3,6"; None: all.
        generator: what the render workers hold.
        name: of the host in the fleet; None: this machine's.
    """

    cpu_workers: int = 1
    rendering: bool = True
    at_most: int | None = None
    group_size: int = 1
    per_device: int = 1
    devices: str | None = None
    cores: str | None = None
    generator: str = "viseme"
    name: str | None = None


def plans_of(options: HostOptions) -> list[devices.WorkerPlan]:
    """The workers that the options make on this machine.

    Raises:
        UnknownDeviceError: a device or core is not here.
    """
    machine = devices.look(devices=options.devices, cores=options.cores)
    plans = [
        devices.cpu_worker(index, machine, options.name) for index in range(options.cpu_workers)
    ]
    if options.rendering:
        plans += devices.render_workers(
            machine, options.generator, options.group_size, options.at_most,
            options.per_device, options.name,
        )  # fmt: skip
    return plans


def run_workers(
    plans: Sequence[devices.WorkerPlan],
    places: Places,
    say: Say,
    interrupted: Callable[[], bool],
    to_stdout: bool = False,
) -> None:
    """Run workers until `interrupted` says so.

    Args:
        to_stdout: their words go where ours go, and not into files of their own.

    Raises:
        ProcessError: a store does not answer, or a worker keeps dying.
        AlreadyRunningError: another launcher works in these places, or under these names.
    """
    settings = Settings.from_env()
    for variable, url in (
        ("LIPCHORD_QUEUE_URL", settings.queue_url),
        ("LIPCHORD_BLOB_URL", settings.blob_url),
    ):
        _check_store(variable, url)
    _check_names(plans, settings)
    lock = Lock.take(places)
    if lock is None:
        raise AlreadyRunningError(
            f"Workers are run from {places.var} already. Stop them, or give --var another folder."
        )
    try:
        places.make()
        stage = [services.worker(plan, places.env()) for plan in plans]
        logs = None if to_stdout else places.logs
        with Supervisor([stage], logs, say, interrupted=interrupted) as supervisor:
            while not interrupted():
                supervisor.wait(0.2)
    except InterruptedStartError:
        pass  # as well as a minute later
    finally:
        lock.release()


def _check_names(plans: Sequence[devices.WorkerPlan], settings: Settings) -> None:
    """Two workers of one name would take each other's work: a lease goes by the name."""
    wanted = {plan.env["LIPCHORD_WORKER_NAME"] for plan in plans}
    # Those of a launcher that was killed are heard of for some seconds more.
    end = time.monotonic() + (MISSED_BEATS + 1) * settings.heartbeat_s
    while living := wanted & {worker.name for worker in services.fleet(settings)}:
        if time.monotonic() > end:
            raise AlreadyRunningError(
                f"A worker in this fleet is called {min(living)} already. Stop it, or give this "
                "launcher's workers another name: --name (and --var, if both run on this machine)."
            )
        time.sleep(settings.heartbeat_s / 4)


def _check_store(variable: str, url: str) -> None:
    try:
        with connect(url, retries=0, timeout_s=5) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        reason = why(error, tls=Address.parse(url).tls is not None).removesuffix(".")
        raise ProcessError(
            f"The store of {variable}={redacted(url)} does not answer: {reason}. "
            "Start it, or set the variable to where it is."
        ) from error
