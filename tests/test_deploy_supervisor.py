"""Processes together, tried on small real programs that die, dawdle and refuse to stop."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.errors import InterruptedStartError, ProcessError
from deploy.guard import Guard
from deploy.processes import Child, ProcessSpec
from deploy.supervisor import Backoff, Service, Supervisor

FAST = Backoff(first_s=0.02, longest_s=0.1, quick_s=5, give_up_after=3)

SLEEPER = "import time; print('awake', flush=True); time.sleep(600)"
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('awake', flush=True); time.sleep(600)"
)
DIES = "import sys; print('no model here', flush=True); sys.exit(3)"
# Two children, deaf to SIGTERM: one of her own group, one that leads a session, as ffmpeg does.
MOTHER = f"""
import subprocess, sys, time
children = [
    subprocess.Popen([sys.executable, "-c", {DEAF!r}], start_new_session=apart)
    for apart in (False, True)
]
print(*(child.pid for child in children), flush=True)
time.sleep(600)
"""


def python(name: str, program: str, patience_s: float = 1.0) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-c", program), stop=((signal.SIGTERM, patience_s),))


def is_awake(child: Child) -> bool:
    return "awake" in child.last_words()


def sleeper(name: str) -> Service:
    return Service(python(name, SLEEPER), is_awake)


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children_of_the_mother(log_dir: Path) -> list[int]:
    return [int(word) for word in (log_dir / "mother.log").read_text().split() if word.isdecimal()]


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_stages_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    program = f"""
import signal, sys, time
def write(what):
    with open({str(diary)!r}, "a") as file:
        file.write(what + " " + sys.argv[1] + "\\n")
def stop(*_):
    write("stopped"); sys.exit()
signal.signal(signal.SIGTERM, stop)
time.sleep(0.1); write("started"); print("awake", flush=True); time.sleep(600)
"""
    stages = [
        [Service(ProcessSpec(name, (sys.executable, "-c", program, name)), is_awake)]
        for name in ("store", "api", "flower")
    ]

    with Supervisor(stages, tmp_path):
        pass

    assert diary.read_text().splitlines() == [
        "started store", "started api", "started flower",
        "stopped flower", "stopped api", "stopped store",
    ]  # fmt: skip


def test_what_dies_is_started_again(tmp_path: Path) -> None:
    with Supervisor([[sleeper("api")]], tmp_path, backoff=FAST) as supervisor:
        first = supervisor.pid("api")

        os.kill(first, signal.SIGKILL)

        assert within(5, lambda: supervisor.pids().get("api", first) != first)
        assert runs(supervisor.pid("api"))


def test_what_keeps_dying_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    broken = Service(python("render0", DIES), lambda _child: True)

    with (
        Supervisor([[broken]], tmp_path, backoff=FAST) as supervisor,
        pytest.raises(
            ProcessError, match=r"died 3 times in a row \(exit code 3\)(.|\n)*no model here"
        ),
    ):
        supervisor.wait(10)


def test_a_death_before_readiness_ends_the_start_and_leaves_nothing(tmp_path: Path) -> None:
    broken = Service(python("render0", DIES), lambda _child: False)
    supervisor = Supervisor([[sleeper("store")], [broken]], tmp_path)

    with pytest.raises(ProcessError, match="ended with exit code 3 before it was ready"):
        supervisor.start()

    assert supervisor.pids() == {}


def test_one_that_never_is_ready_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    dreamer = Service(python("render0", SLEEPER), lambda _child: False, patience_s=0.3)

    with pytest.raises(ProcessError, match="not ready after"):
        Supervisor([[dreamer]], tmp_path).start()


def test_an_interrupt_ends_the_wait_for_readiness(tmp_path: Path) -> None:
    dreamer = Service(python("render0", SLEEPER), lambda _child: False, patience_s=3)
    supervisor = Supervisor([[dreamer]], tmp_path, interrupted=lambda: True)

    with pytest.raises(InterruptedStartError):
        supervisor.start()

    assert supervisor.pids() == {}


def test_a_process_deaf_to_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    deaf = Service(python("deaf", DEAF, patience_s=0.3), is_awake)
    supervisor = Supervisor([[deaf]], tmp_path)
    supervisor.start()
    pid = supervisor.pid("deaf")

    began = time.monotonic()
    supervisor.stop()

    assert 0.3 <= time.monotonic() - began < 3
    assert not runs(pid)


def test_children_of_a_stage_are_stopped_at_the_same_time(tmp_path: Path) -> None:
    deaf = [Service(python(f"deaf{i}", DEAF, patience_s=0.5), is_awake) for i in range(4)]
    supervisor = Supervisor([deaf], tmp_path)
    supervisor.start()

    began = time.monotonic()
    supervisor.stop()

    assert time.monotonic() - began < 1.5


def test_grandchildren_are_stopped_too(tmp_path: Path) -> None:
    mother = Service(python("mother", MOTHER), lambda child: len(child.last_words().split()) >= 2)
    supervisor = Supervisor([[mother]], tmp_path)
    supervisor.start()
    grandchildren = children_of_the_mother(tmp_path)
    assert len(grandchildren) == 2
    assert all(runs(pid) for pid in grandchildren)

    supervisor.stop()

    assert within(2, lambda: not any(runs(pid) for pid in grandchildren))


def test_sigkill_of_the_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    program = f"""
import sys, time
from pathlib import Path
from deploy.processes import ProcessSpec
from deploy.supervisor import Service, Supervisor
spec = ProcessSpec("mother", (sys.executable, "-c", {MOTHER!r}))
ready = lambda child: len(child.last_words().split()) >= 2
with Supervisor([[Service(spec, ready)]], Path({str(tmp_path)!r})) as supervisor:
    print(supervisor.pid("mother"), flush=True)
    time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        family = [child, *children_of_the_mother(tmp_path)]
        assert len(family) == 3
        assert all(runs(pid) for pid in family)

        owner.kill()

    assert within(5, lambda: not any(runs(pid) for pid in family))


def test_the_guard_leaves_alone_what_it_was_told_to_forget() -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEPER], start_new_session=True) as other:
        with Guard() as guard:
            guard.add(other.pid)
            guard.forget(other.pid)

        assert runs(other.pid)
        other.kill()


def test_a_program_that_does_not_exist_is_an_error_of_ours(tmp_path: Path, guard: Guard) -> None:
    with pytest.raises(ProcessError, match="api cannot be started"):
        Child(ProcessSpec("api", (str(tmp_path / "nothing"),)), tmp_path, guard)


@given(deaths=st.integers(0, 10_000))
def test_the_wait_before_a_restart_grows_to_a_limit(deaths: int) -> None:
    backoff = Backoff()

    assert 0 <= backoff.wait_s(deaths) <= backoff.wait_s(deaths + 1) <= backoff.longest_s
