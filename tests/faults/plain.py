"""A Celery app that is none of ours: plain chords on the stock Redis backend, with our settings.

Three of its tasks' names say at which place the child that runs them is hurt, once.
"""

import os
import signal
import threading

import redis
from celery import Celery
from celery.backends.redis import RedisBackend
from celery.signals import after_task_publish

STORE = os.environ.get("PLAIN_STORE", "redis://127.0.0.1:6379/0")


def _first(word: str) -> bool:
    """Whether nobody has asked with this word before."""
    with redis.Redis.from_url(STORE) as client:
        return bool(client.set(f"first:{word}", 1, nx=True))


def _cut_what_is_under_way() -> None:
    """Hold the next scripts back in the server, then cut their connections."""
    other = redis.Redis.from_url(STORE)
    other.client_pause(5000, all=False)  # writes and scripts only

    def cut() -> None:
        other.client_kill_filter(_type="normal", skipme=True)
        other.client_unpause()

    threading.Timer(0.3, cut).start()  # s; a script is sent within milliseconds


class HurtBackend(RedisBackend):  # type: ignore[misc]
    """The stock backend; what comes before the part-return is a process's or a network's end."""

    def on_chord_part_return(self, request: object, *args: object, **kwargs: object) -> None:
        task = str(getattr(request, "task", ""))
        if task == "dies_before_part_return" and _first(task):
            os.kill(os.getpid(), signal.SIGKILL)
        if task == "blinks_at_part_return" and _first(task):
            _cut_what_is_under_way()
        super().on_chord_part_return(request, *args, **kwargs)


app = Celery("plain", broker=STORE, backend=f"tests.faults.plain:HurtBackend+{STORE}")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_pool_start_method="spawn",
    broker_connection_retry_on_startup=True,
    result_chord_expires=3600,
    broker_transport_options={"visibility_timeout": 3600},
)


def _part(number: int) -> int:
    return number


for _name in ("part", "dies_before_part_return", "blinks_at_part_return", "dies_after_body"):
    app.task(_part, name=_name)


@app.task(name="body")  # type: ignore[untyped-decorator]
def body(_parts: list[int], chord: str) -> None:
    """Count how often the body of this chord ran."""
    with redis.Redis.from_url(STORE) as client:
        client.incr(f"bodies:{chord}")


def _body_is_published(**_: object) -> None:
    with redis.Redis.from_url(STORE) as client:
        if client.get("armed") != b"dies_after_body" or not _first("dies_after_body"):
            return
        # The message comes again at once here; after a whole worker's death it comes with the
        # visibility timeout, when the claim on the body (10 s) has long run out.
        for claim in client.scan_iter("celery-taskset-meta-*.c"):
            client.delete(claim)
    os.kill(os.getpid(), signal.SIGKILL)


after_task_publish.connect(_body_is_published, sender="body")
