"""What Celery's chords do by themselves: if one of these fails, upstream has changed.

Then read faults 1, 3, 4 and 5 of docs/reliability.md again, for what we do about them may
have become unneeded. The workers are real; the app is `plain`, none of ours.
"""

import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import ModuleType
from unittest.mock import patch

import pytest
import redis
from celery import chord

from deploy.guard import Guard
from deploy.processes import Child, ProcessSpec, stop_all
from tests.workers import until

SETTLED_S = 1.5  # nothing more is coming when nothing has happened for so long


@pytest.fixture(scope="module")
def plain(queue_server: str) -> Iterator[ModuleType]:
    """The plain app of this process, on an empty store."""
    redis.Redis.from_url(queue_server).flushall()
    with patch.dict(os.environ, {"PLAIN_STORE": queue_server}):
        yield importlib.import_module("tests.faults.plain")


@pytest.fixture(scope="module")
def store(queue_server: str) -> "redis.Redis":
    return redis.Redis.from_url(queue_server, decode_responses=True)


@pytest.fixture(scope="module")
def worker(
    plain: ModuleType, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Child]:
    """A plain worker that has done a task: it is up, and idle. The last test kills it."""
    argv = (
        sys.executable, "-m", "celery", "-A", "tests.faults.plain", "worker", "-P", "prefork",
        "-c", "1", "-n", "plain@%h", "--without-mingle", "--without-gossip", "-l", "INFO",
    )  # fmt: skip
    spec = ProcessSpec("plain", argv, {"PLAIN_STORE": plain.STORE})
    child = Child(spec, tmp_path_factory.mktemp("plain"), guard)
    plain.app.send_task("part", args=(0,), ignore_result=True)
    until(lambda: "succeeded" in child.last_words(50))
    yield child
    stop_all([child])


def _chord(plain: ModuleType, last: str, ignore_result: bool = False) -> None:
    """Two header tasks, the second of them the one that is hurt."""
    header = [
        plain.app.signature(name, args=(i,), immutable=True, ignore_result=ignore_result)
        for i, name in enumerate(("part", last))
    ]
    chord(header, plain.app.signature("body", args=(last,)), app=plain.app).apply_async()


def _idle(store: "redis.Redis") -> bool:
    return store.llen("celery") == 0 and store.hlen("unacked") == 0


def _settle(store: "redis.Redis") -> None:
    """Wait until no message is left anywhere, and for what might still come of it."""
    until(lambda: _idle(store))
    time.sleep(SETTLED_S)
    until(lambda: _idle(store))


def test_fact_3_a_child_killed_before_its_part_return_hangs_the_chord(
    plain: ModuleType, worker: Child, store: "redis.Redis"
) -> None:
    _chord(plain, "dies_before_part_return")
    until(lambda: store.exists("first:dies_before_part_return") == 1)

    _settle(store)

    assert store.get("bodies:dies_before_part_return") is None, "upstream changed: the body ran"


def test_fact_4_a_child_killed_after_the_body_is_published_makes_it_run_twice(
    plain: ModuleType, worker: Child, store: "redis.Redis"
) -> None:
    store.set("armed", "dies_after_body")
    _chord(plain, "dies_after_body", ignore_result=True)
    until(lambda: store.exists("first:dies_after_body") == 1)

    _settle(store)

    assert store.get("bodies:dies_after_body") == "2", "upstream changed: the body ran once"


def test_fact_5_a_connection_lost_at_the_part_return_fails_the_chord_for_ever(
    plain: ModuleType, worker: Child, store: "redis.Redis"
) -> None:
    _chord(plain, "blinks_at_part_return")
    until(lambda: store.exists("first:blinks_at_part_return") == 1)

    _settle(store)

    assert store.get("bodies:blinks_at_part_return") is None, "upstream changed: the body ran"


def test_fact_1_a_message_popped_for_a_worker_that_is_killed_is_lost(
    plain: ModuleType, worker: Child, store: "redis.Redis"
) -> None:
    os.killpg(worker.pid, signal.SIGSTOP)
    plain.app.send_task("part", args=(1,), ignore_result=True)
    time.sleep(0.2)

    worker.send(signal.SIGKILL)
    worker.bury()

    assert store.llen("celery") == 0, "upstream changed: the message is still on the queue"
    assert store.hlen("unacked") == 0, "upstream changed: the message is known as unacked"
