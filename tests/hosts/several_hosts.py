"""Two worker hosts, each with a network and a name of its own, make one video.

`make test-hosts`; not part of `make test`, for it wants to be root. Where namespaces are
not allowed it is skipped, and says why; with LIPCHORD_HOSTS=required that is a failure.
"""

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.guard import Guard
from tests.hosts.lan import HOSTS, HUB, Lan, why_not
from tests.hosts.site import FPS, LEASE_S, Site

FRAME_S = 0.02
LATENCY_S, LOSS = 0.05, 0.01  # of each host's line, in each direction


@pytest.fixture(scope="module")
def site(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All is up, and this test is on the hub's network."""
    reason = why_not()
    if reason and os.environ.get("LIPCHORD_HOSTS") == "required":
        pytest.fail(f"LIPCHORD_HOSTS=required, but {reason}")
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("hosts")
    lan = Lan(folder, guard)
    with lan.entered(HUB):
        site = Site(lan, folder, guard)
        yield site
        site.close()
    lan.close()


def test_two_hosts_render_the_chunks_of_one_job(site: Site) -> None:
    site.pace(FRAME_S)

    done = site.run(6, seed=1)

    assert done.job["state"] == "succeeded", done.job["error"]
    assert done.hosts == set(HOSTS)
    assert site.frames(done.job["id"]) == [(1, frame) for frame in range(6 * FPS)]


def test_a_link_that_drops_mid_chunk_leaves_the_job_right(site: Site) -> None:
    site.pace(0.1)  # a chunk is in hand for a second
    began = time.monotonic()
    job = site.start(6, seed=2)
    site.until(lambda: _in_hand(site, job, "host-b"), 30, "a chunk in hand on host-b")

    site.lan.unplug("host-b")
    time.sleep(2 * LEASE_S)  # its lease has lapsed: another host has the chunk
    rendered_without = site.finish(job, began)
    site.lan.plug("host-b")

    assert rendered_without.job["state"] == "succeeded", rendered_without.job["error"]
    assert site.frames(job) == [(2, frame) for frame in range(6 * FPS)]
    assert max(rendered_without.attempts) > 1


def test_a_host_that_was_away_works_again(site: Site) -> None:
    site.pace(FRAME_S)
    site.lan.unplug("host-a")
    site.until(lambda: not site.ready(), 30, "the house noticing")

    site.lan.plug("host-a")
    site.until(site.ready, 60, "host-a back in the fleet")
    done = site.run(6, seed=3)

    assert done.job["state"] == "succeeded", done.job["error"]
    assert done.hosts == set(HOSTS)
    assert site.frames(done.job["id"]) == [(3, frame) for frame in range(6 * FPS)]


def test_a_link_that_drops_for_less_than_a_lease_costs_no_attempt(site: Site) -> None:
    site.pace(0.1)
    began = time.monotonic()
    job = site.start(4, seed=4)
    site.until(lambda: _in_hand(site, job, "host-b"), 30, "a chunk in hand on host-b")

    site.lan.unplug("host-b")
    time.sleep(LEASE_S / 4)
    site.lan.plug("host-b")
    done = site.finish(job, began)

    assert done.job["state"] == "succeeded", done.job["error"]
    assert done.attempts == [1] * 4
    assert site.frames(job) == [(4, frame) for frame in range(4 * FPS)]


def test_a_poor_line_is_slower_and_not_wrong(
    site: Site, guard: Guard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.pace(FRAME_S)
    good = [site.run(6, seed).seconds for seed in (10, 11, 12)]

    with site.lan.poor_lines(LATENCY_S, LOSS, guard, tmp_path):
        poor = [site.run(6, seed) for seed in (20, 21, 22)]

    for seed, done in zip((20, 21, 22), poor, strict=True):
        assert done.job["state"] == "succeeded", done.job["error"]
        assert site.frames(done.job["id"]) == [(seed, frame) for frame in range(6 * FPS)]
    calm, slow = statistics.median(good), statistics.median(done.seconds for done in poor)
    with capsys.disabled():
        print(
            f"\n6 s of speech in 6 chunks on two hosts: {calm:.2f} s; with {LATENCY_S * 1000:.0f} "
            f"ms in each direction and {LOSS:.0%} loss: {slow:.2f} s ({slow / calm:.1f} times)"
        )


def _in_hand(site: Site, job_id: str, host: str) -> bool:
    """Whether a chunk is being rendered there, and has come some way."""
    return any(
        chunk["state"] == "rendering"
        and (chunk["worker"] or "").endswith(f"@{host}")
        and 0 < chunk["frames_done"] < chunk["n_frames"]
        for chunk in site.job(job_id)["chunks"]["list"]
    )
