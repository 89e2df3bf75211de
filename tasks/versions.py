"""Which render workers may share a job: those of one version, so that its chunks look alike.

A fingerprint names the generator, its weights and the encoder, and after a "~", up to the
next ";", what only rounds the last bit of a pixel: the processor, its threads, torch. Workers
whose fingerprints differ there alone are of one version; equal bytes, and so the use of
earlier jobs' chunks, need the whole fingerprint.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lipsync_engine.generator import AudioContext
from tasks.house import WorkerInfo


@dataclass(frozen=True, slots=True)
class Renderers:
    """What some render workers of a generator have in common.

    Attributes:
        fingerprint: of their generator, its weights, and the encoder.
        context: samples that their frames hear.
    """

    fingerprint: str
    context: AudioContext


@dataclass(frozen=True, slots=True)
class Crew:
    """The ready render workers that a job is planned for: all of one version.

    Attributes:
        members: who they are.
        kinds: by whole fingerprint; mostly one, none without workers.
    """

    members: tuple[WorkerInfo, ...]
    kinds: tuple[Renderers, ...]

    @property
    def fingerprint(self) -> str | None:
        """Who may render the job: exactly these, or these of one version; None: not known yet."""
        if not self.kinds:
            return None
        first = self.kinds[0].fingerprint
        return first if len(self.kinds) == 1 else version(first)


def version(fingerprint: str) -> str:
    """A fingerprint without what only rounds."""
    return re.sub(r"~[^;]*", "", fingerprint)


def may_render(planned: str, own: str) -> bool:
    """Whether a worker with fingerprint `own` may render a job that was planned for `planned`."""
    return planned in (own, version(own))


def crew(workers: Iterable[WorkerInfo], generator: str) -> Crew:
    """Who a job that is planned now is for: while a fleet is upgraded, its larger part."""
    ready = [
        worker
        for worker in workers
        if worker.generator == generator and worker.generator_ready and worker.fingerprint
    ]
    versions = Counter(version(worker.fingerprint or "") for worker in ready)
    if not versions:
        return Crew((), ())
    most = min(versions, key=lambda name: (-versions[name], name))
    members = tuple(worker for worker in ready if version(worker.fingerprint or "") == most)
    kinds = {
        Renderers(worker.fingerprint or "", AudioContext(*worker.context)) for worker in members
    }
    return Crew(members, tuple(sorted(kinds, key=lambda kind: kind.fingerprint)))


def any_left(workers: Iterable[WorkerInfo], generator: str, planned: str) -> bool:
    """Whether a worker that is there may render a job that was planned for `planned`."""
    return any(
        worker.generator == generator
        and worker.fingerprint is not None
        and may_render(planned, worker.fingerprint)
        for worker in workers
    )
