"""Every setting, its environment variable, unit and default: read once, then passed in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from tasks import addresses
from tasks.errors import SettingError

T = TypeVar("T", str, int, float)

# For a process whose stores are its launcher's own: no password, no TLS.
PLAIN_STORES = dict.fromkeys(
    (
        f"LIPCHORD_{name}"
        for name in (
            "QUEUE_URL_FILE", "BLOB_URL_FILE", "QUEUE_PASSWORD", "QUEUE_PASSWORD_FILE",
            "BLOB_PASSWORD", "BLOB_PASSWORD_FILE", "STORE_CA", "STORE_CERT", "STORE_KEY",
        )
    ),
    "",
)  # fmt: skip


def _setting(name: str, default: T) -> T:
    made: T = field(default=default, metadata={"env": name})
    return made


def _secret(name: str, default: str = "") -> str:
    """A setting that is never shown, and that NAME_FILE may hold."""
    made: str = field(default=default, repr=False, metadata={"env": name, "secret": True})
    return made


@dataclass(frozen=True)
class Settings:
    """What a process of Lipchord needs to know; `from_env()` reads it.

    Attributes:
        queue_url: the queue store (small records, append-only file always synced); once read,
            with the password and the certificates of the six settings below.
        blob_url: the blob store (uploads, chunks, videos; its own memory limit); likewise.
        queue_password, blob_password: of the stores, as they are; a URL's own goes first.
        store_ca: file of the authorities that sign the stores' certificates; empty: the system's.
        store_cert, store_key: files by which stores know us, where they ask for a certificate.
        store_verify: of a store's certificate: "required", "optional" or "none".
        var_dir: where everything this project writes at run time goes.
        worker_name: this worker's name, set by the launcher.
        worker_kind: "cpu" (plan, merge) or "render", set by the launcher.
        generator: what this render worker holds.
        device: torch device of this render worker.
        cores: CPU cores this worker is pinned to, "0,1"; empty: not pinned.
        max_text_chars: characters.
        max_upload_bytes: one upload, bytes.
        max_audio_s: one job's sound, seconds.
        max_video_s: of a face video, seconds; the rest is not used.
        upload_ttl_s, chunk_ttl_s, result_ttl_s: how long blobs are kept, seconds.
        early_s: of a job's first chunk, so that it can soon be watched, seconds of video; the
            next ones grow from there. 0: no chunk is short for that.
        reuse: 1: frames that an earlier job rendered are not rendered again; 0: all are.
        job_ttl_s: how long a finished job is remembered, seconds.
        job_deadline_s: a job older than this is given up, seconds.
        inspect_timeout_s: how long a submit waits for its uploads to be looked at, seconds.
        generate_timeout_s: how long /api/generate waits for its video, seconds.
        heartbeat_s: between two heartbeats of a worker, seconds.
        reaper_s: between two rounds of the reaper, seconds.
        lease_s: how long a worker that is not heard keeps its chunk, seconds.
        drain_s: how long a worker that is asked to stop may still use for its chunk, seconds.
        stall_s: how long a generator may be silent before its process is ended, seconds.
        blob_part_bytes: size of one stored part, bytes.
        api_keys_file: tenants and their keys (`api/tenants.py`); empty: nobody is asked.
        tenant_jobs: unfinished jobs that a tenant may have, 0: any number.
        tenant_faces: registered faces that a tenant may have, 0: any number.
        face_timeout_s: how long a registration waits for a cpu worker's look, seconds.
        jobs_under_way: dispatched and unfinished jobs of a generator; 0: its ready render
            workers and `tasks.dispatch.SPARE` more.
        max_wait_s: a job that would wait longer than this for its start is refused, seconds.
        ready_grace_s: a job is accepted when a render worker was ready so recently, seconds;
            0: also when none ever was.
        blob_full_share: of the blob store's memory; past it new jobs are refused, 0..1.
        require_sync: 1: refuse jobs where the queue store cannot promise that they are on disk.
        webhook_secret: what webhooks are signed with, "whsec_…"; empty: made once, and kept.
        webhook_allow: own networks that webhooks may call, "10.0.0.0/8,fd00::/8".
        public_url: of the API as receivers of webhooks see it; empty: their links are relative.
        flower_login: "user:password" of the Flower that `lipchord up` starts; empty: a new one
            at each start.
        flower_control: 1: that Flower may also stop workers and end tasks; 0: it only looks.
        flower_url: of Flower, for the link in the pages; empty: no link.
    """

    queue_url: str = _secret("LIPCHORD_QUEUE_URL", "redis://127.0.0.1:6390/0")
    blob_url: str = _secret("LIPCHORD_BLOB_URL", "redis://127.0.0.1:6391/0")
    queue_password: str = _secret("LIPCHORD_QUEUE_PASSWORD")
    blob_password: str = _secret("LIPCHORD_BLOB_PASSWORD")
    store_ca: str = _setting("LIPCHORD_STORE_CA", "")
    store_cert: str = _setting("LIPCHORD_STORE_CERT", "")
    store_key: str = _setting("LIPCHORD_STORE_KEY", "")
    store_verify: str = _setting("LIPCHORD_STORE_VERIFY", "required")
    var_dir: str = _setting("LIPCHORD_VAR_DIR", ".var")
    worker_name: str = _setting("LIPCHORD_WORKER_NAME", "worker")
    worker_kind: str = _setting("LIPCHORD_WORKER_KIND", "cpu")
    generator: str = _setting("LIPCHORD_GENERATOR", "viseme")
    device: str = _setting("LIPCHORD_DEVICE", "cpu")
    cores: str = _setting("LIPCHORD_CORES", "")
    max_text_chars: int = _setting("LIPCHORD_MAX_TEXT_CHARS", 20_000)
    max_upload_bytes: int = _setting("LIPCHORD_MAX_UPLOAD_BYTES", 256 * 2**20)
    max_audio_s: int = _setting("LIPCHORD_MAX_AUDIO_S", 3600)
    max_video_s: int = _setting("LIPCHORD_MAX_VIDEO_S", 20)
    upload_ttl_s: int = _setting("LIPCHORD_UPLOAD_TTL_S", 7 * 86400)
    chunk_ttl_s: int = _setting("LIPCHORD_CHUNK_TTL_S", 2 * 86400)
    result_ttl_s: int = _setting("LIPCHORD_RESULT_TTL_S", 7 * 86400)
    reuse: int = _setting("LIPCHORD_REUSE", 1)
    early_s: float = _setting("LIPCHORD_EARLY_S", 2.0)
    job_ttl_s: int = _setting("LIPCHORD_JOB_TTL_S", 8 * 86400)
    job_deadline_s: int = _setting("LIPCHORD_JOB_DEADLINE_S", 86400)
    inspect_timeout_s: float = _setting("LIPCHORD_INSPECT_TIMEOUT_S", 15.0)
    generate_timeout_s: float = _setting("LIPCHORD_GENERATE_TIMEOUT_S", 1800.0)
    heartbeat_s: float = _setting("LIPCHORD_HEARTBEAT_S", 2.0)
    reaper_s: float = _setting("LIPCHORD_REAPER_S", 3.0)
    lease_s: float = _setting("LIPCHORD_LEASE_S", 30.0)
    drain_s: float = _setting("LIPCHORD_DRAIN_S", 5.0)
    stall_s: float = _setting("LIPCHORD_STALL_S", 120.0)
    blob_part_bytes: int = _setting("LIPCHORD_BLOB_PART_BYTES", 4 * 2**20)
    api_keys_file: str = _setting("LIPCHORD_API_KEYS_FILE", "")
    tenant_jobs: int = _setting("LIPCHORD_TENANT_JOBS", 1000)
    tenant_faces: int = _setting("LIPCHORD_TENANT_FACES", 1000)
    face_timeout_s: float = _setting("LIPCHORD_FACE_TIMEOUT_S", 60.0)
    jobs_under_way: int = _setting("LIPCHORD_JOBS_UNDER_WAY", 0)
    max_wait_s: float = _setting("LIPCHORD_MAX_WAIT_S", 3600.0)
    ready_grace_s: float = _setting("LIPCHORD_READY_GRACE_S", 60.0)
    blob_full_share: float = _setting("LIPCHORD_BLOB_FULL_SHARE", 0.75)
    require_sync: int = _setting("LIPCHORD_REQUIRE_SYNC", 1)
    webhook_secret: str = _secret("LIPCHORD_WEBHOOK_SECRET")
    webhook_allow: str = _setting("LIPCHORD_WEBHOOK_ALLOW", "")
    public_url: str = _setting("LIPCHORD_PUBLIC_URL", "")
    flower_login: str = _secret("LIPCHORD_FLOWER_LOGIN")
    flower_control: int = _setting("LIPCHORD_FLOWER_CONTROL", 0)
    flower_url: str = _setting("LIPCHORD_FLOWER_URL", "")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read LIPCHORD_* variables; a secret may stand in the file that NAME_FILE names.

        Raises:
            SettingError: names the variable whose value is not of its type, or cannot be used.
        """
        env = os.environ if environ is None else environ
        values: dict[str, object] = {}
        for item in fields(cls):
            name = item.metadata["env"]
            raw = _from_file(name, env) if item.metadata.get("secret") else None
            raw = env.get(name) if raw is None else raw
            if raw is not None:
                kind: type = type(item.default)
                try:
                    values[item.name] = kind(raw)
                except ValueError as error:
                    raise SettingError(f"{name} must be {kind.__name__}, not {raw!r}") from error
        return cls(**values)._completed()  # type: ignore[arg-type]

    def _completed(self) -> "Settings":
        """These, with URLs that say all about their stores."""
        given = {"ssl_ca_certs": self.store_ca, "ssl_certfile": self.store_cert,
                 "ssl_keyfile": self.store_key}  # fmt: skip
        files = {name: path for name, path in given.items() if path}
        full: dict[str, Any] = {}
        for kind in ("queue", "blob"):
            url, password = getattr(self, f"{kind}_url"), getattr(self, f"{kind}_password")
            try:
                full[f"{kind}_url"] = addresses.completed(url, password, files, self.store_verify)
            except ValueError as error:
                where = f"LIPCHORD_{kind.upper()}_URL"
                raise SettingError(f"{where} cannot be used: {error}.") from error
        return replace(self, **full)


def _from_file(name: str, env: Mapping[str, str]) -> str | None:
    """What the file of NAME_FILE holds; None where none is named."""
    path = env.get(f"{name}_FILE")
    if not path:
        return None
    if env.get(name):
        raise SettingError(f"{name} and {name}_FILE are both set: which one is right? Unset one.")
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingError(f"{name}_FILE names {path}, which cannot be read: {why}.") from error
