"""Jobs for tests of the records: accepted and planned, without any worker."""

from fractions import Fraction

from tasks.acceptance import lane
from tasks.blueprint import Chunk, Plan
from tasks.contract import Failure, JobRequest, VideoInfo
from tasks.epoch import new_job_id
from tasks.records import Records
from tasks.scripts import script

REQUEST = JobRequest(text="Привет", language="ru")
VIDEO = VideoInfo("blob_v", 10, "v")
BROKEN = Failure("internal", "A kernel went wrong.")
LATE = Failure("deadline", "Too late.")


def plan_of(*lengths: int) -> Plan:
    """A plan of chunks of so many frames."""
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    return Plan(
        request=REQUEST, fps=Fraction(25), n_frames=sum(lengths), n_samples=640 * sum(lengths),
        chunks=tuple(Chunk(i, a, n) for i, (a, n) in enumerate(zip(starts, lengths, strict=True))),
        pcm="blob_p", track="blob_t", track_suffix=".wav", face="blob_f", warnings=("two faces",),
    )  # fmt: skip


def accepted(records: Records) -> str:
    """The id of a job that was accepted and whose turn has come."""
    job_id = records.submit(new_job_id(), REQUEST, None)
    script(records._redis, "prelude", "dispatch")(keys=[lane(REQUEST.generator)], args=[10_000])
    return job_id


def planned(records: Records, *lengths: int) -> str:
    """A job whose chunks are to be rendered."""
    job_id = accepted(records)
    records.begin_plan(job_id)
    records.set_plan(job_id, plan_of(*lengths))
    records.mark_chord(job_id)
    return job_id


def rendered(records: Records, *lengths: int) -> str:
    """A job that is to be merged."""
    job_id = planned(records, *lengths)
    for index, n_frames in enumerate(lengths):
        claim = records.claim(job_id, index, f"render{index}")
        records.commit(job_id, index, claim.fence, f"blob_{index}", n_frames)
    return job_id
