"""A job's captions: made with the plan from what was spoken, kept as long as its video is.

The cues lie in a blob of their own, which the plan names: so they are there as soon as the
job is planned, go with the job, and are the same for whoever has the same text spoken.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from functools import lru_cache

from lipsync_engine import captions, webvtt
from lipsync_engine.captions import Cue
from lipsync_engine.script import Script
from tasks.blueprint import Plan
from tasks.contract import JobRequest, JobState
from tasks.errors import GoneError, MissingBlobError, NoCaptionsError, NotReadyError
from tasks.live import StreamPart
from tasks.reading import Reading
from tasks.settings import Settings
from tasks.storage import Storage, read

READ = 32  # jobs whose cues one API process holds: a long text's are 200 KB


def keep(script: Script, until: Fraction, storage: Storage, settings: Settings) -> str | None:
    """Lay a spoken text out in cues, and store them; their blob's key, None where nobody spoke.

    Args:
        until: length of the video, seconds.
    """
    if not script:
        return None
    cues = [asdict(cue) for cue in captions.cues(script, until)]
    # A job may take until its deadline, and its video is kept from then on.
    ttl_s = settings.result_ttl_s + settings.job_deadline_s
    return storage.put(json.dumps(cues, ensure_ascii=False).encode(), ttl_s).key


class Captions:
    """Reads captions. Safe for many threads."""

    def __init__(self, records: Reading, storage: Storage) -> None:
        self._records = records
        self.cues: Callable[[str], tuple[Cue, ...]] = lru_cache(READ)(
            lambda key: cues_in(read(storage, key))
        )

    def text(self, job_id: str, words: bool) -> StreamPart:
        """The WebVTT of a job; `words`: with the time of each word.

        Raises:
            UnknownJobError.
            NoCaptionsError: nothing was spoken from a text.
            NotReadyError: it is not planned yet.
            GoneError: it is canceled, deleted or expired, or failed before it was planned.
        """
        return StreamPart(webvtt.whole(self.of(job_id), words).encode(), webvtt.TYPE, final=False)

    def of(self, job_id: str) -> tuple[Cue, ...]:
        """The cues of a job. Raises as `text`."""
        record = self._records.facts(job_id, ("request", "state", "plan", "deleted_at"))
        if JobRequest(**json.loads(record["request"])).text is None:
            raise NoCaptionsError
        state = JobState(record["state"])
        if state is JobState.CANCELED or "deleted_at" in record:
            raise GoneError("The job was canceled or deleted, and its captions with it.")
        if "plan" not in record:
            if state.terminal:
                raise GoneError(f"The job has {state} before its text was spoken.")
            raise NotReadyError("The text is not spoken yet. Ask again in a moment.")
        key = Plan.from_json(record["plan"]).captions
        try:
            if key is not None:
                return self.cues(key)
        except MissingBlobError:
            pass
        raise GoneError("The captions of this job are no longer kept. Send it again.")


def cues_in(blob: bytes) -> tuple[Cue, ...]:
    """What `keep` stored."""
    return tuple(
        Cue(
            said["begins"], said["ends"], tuple(said["lines"]),
            tuple(tuple((at, ms) for at, ms in marks) for marks in said["marks"]),
        )
        for said in json.loads(blob)
    )  # fmt: skip
