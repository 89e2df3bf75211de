"""What a killed worker held at the broker comes back, whoever died while looking for it."""

import pytest
import redis
from kombu import Connection

from tasks.app import make_app
from tasks.settings import Settings

LOCK = "unacked_mutex"


@pytest.fixture
def broker(queue_server: str) -> Connection:
    """The app's own connection to the broker, to an empty store."""
    redis.Redis.from_url(queue_server).flushall()
    return make_app(Settings(queue_url=queue_server)).connection_for_read()


def test_a_restorer_that_is_killed_holds_the_others_off_for_seconds(
    broker: Connection, queue_server: str
) -> None:
    store = redis.Redis.from_url(queue_server)
    with broker, broker.channel() as channel:
        queue = channel.queue_declare("cpu").queue
        broker.Producer(channel).publish({}, routing_key=queue, exchange="")
        channel.basic_get(queue)  # and never acknowledged: its worker is gone
        store.zadd("unacked_index", dict.fromkeys(store.zrange("unacked_index", 0, -1), 1))
        # What kombu takes before it looks; its owner is killed and does not give it back.
        store.lock(LOCK, timeout=channel.unacked_mutex_expire).acquire()

        channel.qos.restore_visible(interval=1)
        held_off = store.llen(queue) == 0
        left_ms = store.pttl(LOCK)
        store.delete(LOCK)  # that time has passed
        channel.qos.restore_visible(interval=1)

        assert held_off, "upstream changed: the lock holds nobody off"
        assert 0 < left_ms <= 10_000
        assert store.llen(queue) == 1
        assert store.hlen("unacked") == 0
