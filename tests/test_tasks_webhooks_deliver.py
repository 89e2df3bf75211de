"""From a job's end to a receiver that has heard: at least once, with one id, in due time."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
import redis
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from tasks.contract import (
    Failure,
    JobRequest,
    JobState,
    VideoInfo,
    WebhookState,
    WebhookStatus,
)
from tasks.epoch import new_job_id
from tasks.records import Records
from tasks.settings import Settings
from tasks.stores import connect
from tasks.webhooks import deliver, signing
from tasks.webhooks.call import Caller
from tasks.webhooks.deliver import JITTER, PER_HOST, SCHEDULE, SLOTS, Deliverer
from tasks.webhooks.outbox import Outbox, Outcome
from tasks.webhooks.target import Policy
from tests.receivers import Call, receiving, silent
from tests.workers import until

HERE = Policy.of("127.0.0.0/8")


class Post:
    """The outbox, jobs that end in it, and a deliverer that a test drives by hand."""

    def __init__(self, url: str) -> None:
        self.store: redis.Redis = connect(url)
        self.records, self.outbox = Records(self.store, job_ttl_s=1000), Outbox(self.store)
        self.deliverer = self.another()

    def another(self, **how: object) -> Deliverer:
        caller = Caller(HERE, total_s=5)
        return Deliverer(self.outbox, self.records, caller, "https://video.test/", **how)  # type: ignore[arg-type]

    def submitted(self, url: str | None) -> str:
        return self.records.submit(new_job_id(), JobRequest(text="Hi", webhook=url), None)

    def ended(self, url: str | None) -> str:
        job_id = self.submitted(url)
        self.records.cancel(job_id)
        return job_id

    def round(self) -> int:
        """Deliver what is due now; how many calls that were."""
        calls = 0
        while (entry := self.outbox.take(30)) is not None:
            self.deliverer.attempt(entry)
            calls += 1
        return calls

    def later(self) -> None:
        """Time passes until every entry is due."""
        for host in self.store.zrange("lipchord:webhooks:hosts", 0, -1):
            self.store.zadd("lipchord:webhooks:hosts", {host: 1})
            queue = b"lipchord:webhooks:host:" + host
            for entry in self.store.zrange(queue, 0, -1):
                self.store.zadd(queue, {entry: 1})

    def status(self, job_id: str) -> WebhookStatus:
        status = self.records.job(job_id).webhook
        assert status is not None
        return status

    def verified(self, call: Call) -> dict[str, object]:
        """The event, as the specification's own library finds it genuine."""
        event: dict[str, object] = Webhook(self.outbox.secret()).verify(
            call.body, dict(call.headers)
        )
        return event


@pytest.fixture
def post(queue_store: str) -> Post:
    return Post(queue_store)


def test_the_signature_is_the_one_of_the_specifications_test() -> None:
    keys = signing.parse_secrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    headers = signing.headers(
        keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_secrets_change_receivers_of_both_find_a_webhook_genuine() -> None:
    old, new, other = signing.new_secret(), signing.new_secret(), signing.new_secret()

    headers = signing.headers(
        signing.parse_secrets(f"{new} {old}"), "msg_1", int(time.time()), b"{}"
    )

    assert Webhook(old).verify(b"{}", headers) == Webhook(new).verify(b"{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(b"{}", headers)


@pytest.mark.parametrize("text", ["", "secret", "whsec_AAAA", "whsec_!", "whsec_" + "A" * 200])
def test_a_secret_that_is_none_is_refused_with_how_to_make_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"openssl rand -base64 32|There is no webhook secret"):
        signing.parse_secrets(text)

    with pytest.raises(SystemExit, match="LIPCHORD_WEBHOOK_SECRET"):
        deliver.start(Settings(webhook_secret=text or "x"))


def test_a_job_that_succeeded_is_told_with_its_video(post: Post) -> None:
    with receiving() as receiver:
        job_id = post.submitted(receiver.url)
        assert post.status(job_id) == WebhookStatus(WebhookState.WAITING)
        fence = post.records.begin_merge(job_id, 0)
        assert fence is not None
        post.records.finish(job_id, fence, VideoInfo("blob_v", 10, "5ha"))
        post.round()

    (call,) = receiver.calls
    event = json.loads(call.body)
    assert post.verified(call) == event
    assert call.headers["webhook-id"] == "msg_" + job_id.removeprefix("job_")
    assert call.headers["content-type"] == "application/json"
    assert event["type"] == "job.succeeded"
    assert event["timestamp"] == event["data"]["finished_at"]
    assert event["data"]["id"] == job_id
    assert event["data"]["video"] == {"size": 10, "sha256": "5ha"}
    assert event["data"]["links"]["video"] == f"https://video.test/api/v1/jobs/{job_id}/video"
    assert post.status(job_id) == WebhookStatus(WebhookState.DELIVERED, 1, 204)
    assert post.round() == 0


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED, JobState.CANCELED])
def test_every_other_end_is_told_once_too(post: Post, state: JobState) -> None:
    why = Failure("no-face", "No face was found. Send another.")
    ways: dict[JobState, Callable[[str], object]] = {
        JobState.FAILED: lambda job_id: post.records.fail(job_id, why),
        JobState.EXPIRED: lambda job_id: post.records.expire(job_id, why),
        JobState.CANCELED: post.records.cancel,
    }
    with receiving() as receiver:
        job_id = post.submitted(receiver.url)
        for _ in range(3):
            ways[state](job_id)
        post.round()

    (call,) = receiver.calls
    event = json.loads(call.body)
    assert event["type"] == f"job.{state}"
    assert event["data"]["video"] is event["data"]["links"]["video"] is None
    if state is not JobState.CANCELED:
        assert event["data"]["error"] == {"type": "/problems/no-face", "detail": why.detail}


def test_a_job_without_a_webhook_leaves_the_outbox_empty(post: Post) -> None:
    job_id = post.ended(None)

    assert post.records.job(job_id).webhook is None
    assert post.store.keys("lipchord:webhooks:*") == []


def test_a_receiver_that_never_takes_it_is_called_on_schedule_and_then_given_up(
    post: Post,
) -> None:
    with receiving(500, (429, {}), 301, 404, 503) as receiver:
        job_id = post.ended(receiver.url)
        for attempt, wait in enumerate(SCHEDULE, start=1):
            before = post.records.now()
            assert post.round() == 1
            after, status = post.records.now(), post.status(job_id)
            assert (status.state, status.attempts) == (WebhookState.PENDING, attempt)
            assert status.next_at is not None
            assert before + wait <= status.next_at + 1e-3
            assert status.next_at <= after + wait * (1 + JITTER) + 1e-3
            assert post.round() == 0  # nothing before its time
            post.later()
        post.round()
        post.later()

        assert post.round() == 0
    last = post.status(job_id)
    assert last == WebhookStatus(WebhookState.FAILED, 10, 503, "The receiver answered 503.")
    assert len(receiver.calls) == 10
    assert len({(call.body, call.headers["webhook-id"]) for call in receiver.calls}) == 1
    assert all(post.verified(call) for call in receiver.calls)


def test_it_is_heard_at_the_attempt_that_succeeds(post: Post) -> None:
    with receiving(500, 200) as receiver:
        job_id = post.ended(receiver.url)
        for _ in range(3):
            post.round()
            post.later()

    assert len(receiver.calls) == 2
    assert post.status(job_id) == WebhookStatus(WebhookState.DELIVERED, 2, 200)


def test_a_body_stays_the_same_when_what_is_said_of_the_job_changes(post: Post) -> None:
    with receiving(500, 200) as receiver:
        post.ended(receiver.url)
        post.round()
        post.later()
        post.deliverer = Deliverer(post.outbox, post.records, Caller(HERE), "https://moved.test")
        post.round()

    first, second = receiver.calls
    assert first.body == second.body
    assert b"video.test" in second.body


def test_of_two_bodies_the_first_stands(post: Post) -> None:
    job_id = post.ended("https://receiver.test/")

    assert post.outbox.keep_body(job_id, b"first") == b"first"
    assert post.outbox.keep_body(job_id, b"second") == b"first"


def test_a_receiver_that_wants_to_be_left_alone_longer_is(post: Post) -> None:
    with receiving((503, {"Retry-After": "7200"})) as receiver:
        job_id = post.ended(receiver.url)
        post.round()

    next_at = post.status(job_id).next_at
    assert next_at is not None
    assert next_at >= post.records.now() + 7200 - 60


def test_a_receiver_that_is_gone_is_left_alone_by_every_job(post: Post) -> None:
    with receiving(410) as receiver:
        first, second = post.ended(receiver.url), post.ended(receiver.url)
        post.round()
        post.later()
        post.round()

    assert len(receiver.calls) == 1
    assert {post.status(job).state for job in (first, second)} == {WebhookState.DISABLED}
    assert {post.status(job).last_error for job in (first, second)} == {
        "The receiver answered 410 Gone: it wants no more webhooks.",
        "The receiver has answered 410 Gone to an earlier webhook.",
    }
    assert post.outbox.gone(receiver.url)
    assert not post.outbox.gone(receiver.url + "&other=1")
    assert 0 < post.store.ttl("lipchord:webhooks:gone:" + receiver.url) <= 3600
    assert post.store.exists("lipchord:webhooks:hosts") == 0


def test_an_entry_whose_taker_died_comes_back_with_the_same_id(post: Post) -> None:
    with receiving() as receiver:
        job_id = post.ended(receiver.url)
        taken = post.outbox.take(0.05)
        assert taken is not None
        assert post.outbox.take(30) is None
        until(lambda: post.round() == 1)

    assert receiver.calls[0].headers["webhook-id"] == taken.webhook_id
    assert post.status(job_id).state is WebhookState.DELIVERED
    # The dead one was only frozen, and comes with bad news: too late.
    assert not post.outbox.note(taken, Outcome.FAILED, 500, "late")
    assert post.status(job_id).state is WebhookState.DELIVERED


def test_a_late_word_of_a_delivery_is_believed_and_of_a_failure_is_not(post: Post) -> None:
    job_id = post.ended("https://receiver.test/")
    frozen = post.outbox.take(0)
    again = post.outbox.take(30)
    assert frozen is not None
    assert again is not None

    assert not post.outbox.note(frozen, Outcome.RETRY, 500, "late", 5)
    assert post.outbox.note(frozen, Outcome.DELIVERED, 200)
    assert not post.outbox.note(again, Outcome.RETRY, None, "refused", 5)
    assert post.status(job_id) == WebhookStatus(WebhookState.DELIVERED, 1, 200)


DELIVERS_ONCE = """
import sys
from tasks.records import Records
from tasks.stores import connect
from tasks.webhooks.call import Caller
from tasks.webhooks.deliver import Deliverer
from tasks.webhooks.outbox import Outbox
from tasks.webhooks.target import Policy
store = connect(sys.argv[1])
outbox = Outbox(store)
deliverer = Deliverer(outbox, Records(store), Caller(Policy.of("127.0.0.0/8")))
deliverer.attempt(outbox.take(0.2))
"""


@pytest.mark.parametrize("place", ["webhook:taken", "webhook:called"])
def test_a_killed_deliverer_costs_a_repetition_at_most(
    post: Post, queue_store: str, place: str
) -> None:
    with receiving() as receiver:
        job_id = post.ended(receiver.url)
        killed = subprocess.run(
            [sys.executable, "-c", DELIVERS_ONCE, queue_store],
            env={"LIPCHORD_FAILPOINT": f"{place}:1:kill", "PYTHONPATH": "."},
            check=False,
            capture_output=True,
            text=True,
        )
        until(lambda: post.round() == 1)

    assert killed.returncode == -9, killed.stderr
    assert len(receiver.calls) == (1 if place == "webhook:taken" else 2)
    assert len({(call.body, call.headers["webhook-id"]) for call in receiver.calls}) == 1
    assert post.status(job_id).state is WebhookState.DELIVERED


def test_two_deliverers_side_by_side_call_once_for_each_job(post: Post) -> None:
    with receiving() as receiver:
        jobs = {post.ended(receiver.url) for _ in range(30)}
        pair = [post.another(), post.another()]

        def all_told() -> bool:
            for one in pair:
                one.start_one()
            return all(post.status(job).state is WebhookState.DELIVERED for job in jobs)

        until(all_told)

    ids = [json.loads(call.body)["data"]["id"] for call in receiver.calls]
    assert sorted(ids) == sorted(jobs)


def test_a_dead_receiver_holds_up_no_other(post: Post) -> None:
    with receiving(silent()) as dead, receiving() as alive:
        waiting = [post.ended(dead.url) for _ in range(50)]
        job_id = post.ended(alive.url)

        while post.deliverer.start_one():
            pass
        until(lambda: post.status(job_id).state is WebhookState.DELIVERED)

        assert len(dead.calls) <= PER_HOST < SLOTS
        assert all(post.status(job).state is WebhookState.PENDING for job in waiting)


def test_hosts_take_turns(post: Post) -> None:
    jobs = [post.ended(f"https://{name}.test/") for name in "aaaabb"]

    taken = [post.outbox.take(30) for _ in jobs]

    assert [entry.host for entry in taken if entry] == [f"{name}.test" for name in "ababaa"]


def test_no_more_than_the_slots_are_called_at_a_time(post: Post) -> None:
    with receiving(silent()) as first, receiving(silent()) as second, receiving(silent()) as third:
        for receiver in (first, second, third):
            for _ in range(SLOTS):
                post.ended(receiver.url)

        while post.deliverer.start_one():
            pass

        assert post.deliverer.calling == SLOTS
        assert post.outbox.take(30) is not None  # there would have been more


def test_a_job_that_is_forgotten_takes_its_webhook_along(post: Post) -> None:
    job_id = post.ended("https://receiver.test/")
    other = post.ended("https://receiver.test/")
    assert 0 < post.store.ttl("lipchord:webhooks:host:receiver.test") <= 1000
    entry = post.outbox.take(0)
    post.store.delete(f"lipchord:job:{job_id}", f"lipchord:job:{other}")

    assert entry is not None
    assert post.outbox.keep_body(entry.job_id, b"{}") is None
    assert not post.outbox.note(entry, Outcome.RETRY, 500, "", 5)
    assert post.outbox.take(30) is None
    assert post.store.exists(f"lipchord:job:{job_id}", f"lipchord:job:{other}") == 0
    assert post.store.keys("lipchord:webhooks:*") == []


def test_a_defect_of_ours_counts_as_an_attempt(post: Post) -> None:
    class Broken(Caller):
        def post(self, *_: object) -> None:  # type: ignore[override]
            raise ZeroDivisionError

    post.deliverer = Deliverer(post.outbox, post.records, Broken(HERE))
    job_id = post.ended("https://receiver.test/")

    post.round()

    status = post.status(job_id)
    assert (status.state, status.attempts) == (WebhookState.PENDING, 1)
    assert status.last_error == "Something broke on our side. The worker's log says more."


def test_the_secret_is_made_once_and_kept_until_the_settings_have_one(
    post: Post, queue_store: str
) -> None:
    made = Outbox(connect(queue_store)).secret()
    assert post.outbox.secret() == made
    assert signing.parse_secrets(made)

    given = signing.new_secret()
    deliverer = deliver.start(Settings(queue_url=queue_store, webhook_secret=given))

    until(lambda: post.outbox.secret() == given)
    deliverer.stop()
    until(lambda: all(thread.name != "webhooks" for thread in threading.enumerate()))
