"""A job is accepted once, on the disk, whoever says it twice and whatever breaks in between."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from deploy import stores
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, ProcessSpec, stop_all
from tasks.acceptance import Acceptance, QuotaError, Terms
from tasks.client import JobQueue
from tasks.contract import JobRequest
from tasks.epoch import new_job_id
from tasks.errors import StaleError, StoreError
from tasks.records import Records
from tasks.settings import Settings
from tasks.stores import connect
from tasks.synced import Promise, Synced
from tests.api_house import Outbox

HELLO = JobRequest(text="Hello there")
BYE = JobRequest(text="Goodbye")


@pytest.fixture
def client(queue_store: str) -> redis.Redis:
    return connect(queue_store)


@pytest.fixture
def acceptance(client: redis.Redis) -> Acceptance:
    return Acceptance(client, Synced(client))


@pytest.fixture(scope="module")
def old_server(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a server that knows no WAITAOF, as Redis before 7.2; synced at every write."""
    folder = tmp_path_factory.mktemp("old")
    spec = stores.StoreSpec("old", free_port(), folder, "queue", 64 * 2**20)
    started = stores.process(spec, stores.find_server())
    argv = (*started.argv, "--rename-command", "WAITAOF", "")
    child = Child(ProcessSpec("old", argv), folder, guard)
    stores.wait_ready(spec, child)
    yield spec.url
    stop_all([child])


def test_the_sync_is_waited_for_on_the_connection_that_wrote(
    client: redis.Redis, acceptance: Acceptance, queue_store: str
) -> None:
    with redis.Redis.from_url(queue_store).monitor() as monitor:
        acceptance.submit(new_job_id(), HELLO, Terms())
        client.echo("end")
        seen = []
        while not seen or seen[-1]["command"] != "ECHO end":
            seen.append(monitor.next_command())

    commands = [line for line in seen if line["client_type"] != "lua"]
    words = [line["command"].split()[0] for line in commands]
    written = words.index("EVAL")
    assert commands[written + 1]["command"].startswith("WAITAOF 1 0")
    assert commands[written + 1]["client_port"] == commands[written]["client_port"]


def test_a_store_that_does_not_sync_in_time_gets_no_job_accepted(
    client: redis.Redis, acceptance: Acceptance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.synced.SYNC_TIMEOUT_MS", 50)
    client.config_set("appendfsync", "no")
    terms = Terms(idempotency_key="order-7")
    try:
        with pytest.raises(StoreError, match="same Idempotency-Key"):
            acceptance.submit(new_job_id(), HELLO, terms)
        with pytest.raises(StoreError, match="same Idempotency-Key"):
            acceptance.submit(new_job_id(), HELLO, terms)  # an earlier acceptance is waited for too
    finally:
        client.config_set("appendfsync", "always")

    assert acceptance.submit(new_job_id(), HELLO, terms) == Records(client).active()[0]
    assert len(Records(client).active()) == 1


def test_without_waitaof_the_configuration_decides(old_server: str) -> None:
    client = connect(old_server)
    client.flushall()

    assert Synced(client).promise() is Promise.ALWAYS
    Acceptance(client, Synced(client)).submit(new_job_id(), HELLO, Terms())
    client.config_set("appendfsync", "everysec")
    try:
        with pytest.raises(StoreError, match="appendfsync always"):
            Acceptance(client, Synced(client)).submit(new_job_id(), HELLO, Terms())
        Acceptance(client, Synced(client, required=False)).submit(new_job_id(), HELLO, Terms())
    finally:
        client.config_set("appendfsync", "always")

    assert len(Records(client).active()) == 2


def test_a_store_without_an_append_only_file_is_said_in_readiness(
    old_server: str, blob_store: str
) -> None:
    client = connect(old_server)
    client.config_set("appendonly", "no")
    try:
        queue = JobQueue(Settings(queue_url=old_server, blob_url=blob_store), Outbox())
        loose = Settings(queue_url=old_server, blob_url=blob_store, require_sync=0)

        assert "LIPCHORD_REQUIRE_SYNC=0" in queue.not_ready()[0]
        assert not any("SYNC" in reason for reason in JobQueue(loose, Outbox()).not_ready())
    finally:
        client.config_set("appendonly", "yes")


@pytest.mark.parametrize("key", [None, "order-7"])
def test_a_submit_whose_answer_is_lost_is_said_again_and_accepted_once(
    queue_store: str, key: str | None
) -> None:
    with Relay(queue_store) as relay:
        client = connect(relay.url)
        job_id = new_job_id()

        accepted = Acceptance(client, Synced(client)).submit(
            job_id, HELLO, Terms(idempotency_key=key)
        )

    records = Records(connect(queue_store))
    assert relay.cut == 1
    assert accepted == job_id
    assert records.active() == (job_id,)
    assert records.counters() == {"accepted": 1, "repeated": 1}


def test_a_key_belongs_to_its_tenant(acceptance: Acceptance) -> None:
    mine, yours = (Terms(tenant, "order-7") for tenant in ("alice", "bob"))
    first = acceptance.submit(new_job_id(), HELLO, mine)

    assert acceptance.submit(new_job_id(), HELLO, mine) == first
    assert acceptance.submit(new_job_id(), BYE, yours) != first
    with pytest.raises(StaleError):
        acceptance.submit(new_job_id(), BYE, mine)
    assert [job_id for job_id, _ in acceptance.ids("alice", 10, None)] == [first]


def test_a_quota_holds_when_fifty_come_at_once(acceptance: Acceptance) -> None:
    def send(number: int) -> str | None:
        try:
            return acceptance.submit(new_job_id(), HELLO, Terms("alice", most_jobs=7))
        except QuotaError:
            return None

    with ThreadPoolExecutor(50) as pool:
        accepted = [job_id for job_id in pool.map(send, range(50)) if job_id]

    assert len(accepted) == 7
    assert acceptance.unfinished("alice") == 7
    assert acceptance.submit(new_job_id(), HELLO, Terms("bob", most_jobs=7))


def test_a_finished_job_makes_room_in_the_quota(
    acceptance: Acceptance, client: redis.Redis
) -> None:
    terms = Terms("alice", most_jobs=1)
    first = acceptance.submit(new_job_id(), HELLO, terms)
    with pytest.raises(QuotaError) as refusal:
        acceptance.submit(new_job_id(), HELLO, terms)
    assert refusal.value.unfinished == 1

    Records(client).cancel(first)

    assert acceptance.submit(new_job_id(), HELLO, terms)


def test_lists_of_jobs_do_not_outgrow_the_records(
    client: redis.Redis, acceptance: Acceptance
) -> None:
    for _ in range(10):
        job_id = new_job_id()
        acceptance.submit(job_id, HELLO, Terms("ann"))
        client.delete(f"lipchord:job:{job_id}")  # its time to live is over

    kept = new_job_id()
    acceptance.submit(kept, HELLO, Terms("ann"))

    assert acceptance.ids("ann", 100, None)[0][0] == kept
    assert client.zcard("lipchord:tenant:ann:jobs") <= 2
    assert client.zcard("lipchord:jobs") <= 2


def test_a_record_that_the_store_lost_does_not_count_for_ever(
    acceptance: Acceptance, client: redis.Redis
) -> None:
    terms = Terms("alice", "order-7", most_jobs=1)
    lost = acceptance.submit(new_job_id(), HELLO, terms)
    client.delete(f"lipchord:job:{lost}")

    assert not acceptance.knows(terms)
    assert acceptance.submit(new_job_id(), HELLO, terms) != lost


class Relay:
    """A TCP relay before a store that cuts the connection once: after EVAL, before its answer."""

    def __init__(self, url: str) -> None:
        self._target = int(url.rpartition(":")[2].partition("/")[0])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.cut = 0

    def __enter__(self) -> "Relay":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._target))
        evaluated = threading.Event()

        def answers() -> None:
            while answer := server.recv(2**20):
                if evaluated.is_set() and not self.cut:
                    self.cut += 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(answer)

        threading.Thread(target=answers, daemon=True).start()
        with client, server:
            while asked := client.recv(2**20):
                if b"EVAL" in asked:
                    evaluated.set()
                server.sendall(asked)
