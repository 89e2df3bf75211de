"""The Celery app: `celery -A tasks.app worker …`. Each setting stands with its why.

What they were tried against is in docs/reliability.md: SIGKILL and SIGSTOP of
workers, children and the stores.
"""

from celery import Celery

from tasks.addresses import Address
from tasks.contract import CPU_QUEUE
from tasks.settings import Settings

HARD_LIMIT_S = (
    1500  # of one task; below the visibility timeout, so that no live task is redelivered
)


def make_app(settings: Settings) -> Celery:
    """A configured app; nothing is connected yet."""
    store = Address.parse(settings.queue_url)
    backend = "SentinelChordBackend" if store.master else "ChordBackend"
    sentinels = (
        {"master_name": store.master, "sentinel_kwargs": store.sentinel_options}
        if store.master
        else {}
    )
    app = Celery(
        "lipchord",
        broker=store.for_celery,
        backend=f"tasks.backend:{backend}+{store.for_celery}",
    )
    app.conf.update(
        imports=("tasks.handlers",),
        accept_content=["json"],
        task_default_queue=CPU_QUEUE,
        broker_connection_retry_on_startup=True,
        broker_channel_error_retry=True,
        # Beside the URL, for Flower reads them here alone.
        broker_use_ssl=store.tls,
        redis_backend_use_ssl=store.tls,
        result_backend_transport_options=sentinels,
        broker_transport_options={
            **sentinels,
            "visibility_timeout": 1800,  # s; above the hard limit of a task plus a model load
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            # s; whoever looks for such messages holds a lock. One that is killed with it, or loses
            # its connection, keeps all others from looking for so long; kombu's own is 300. Two at
            # once are harmless: each message is moved in a transaction of its own.
            "unacked_mutex_expire": 10,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
        },
        result_backend_always_retry=True,
        result_expires=86400,  # s; no result of ours carries more than an id
        result_chord_expires=7 * 86400,  # s; above any job's deadline, never 0
        # A task that dies with its worker comes back; its record counts the attempts.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=HARD_LIMIT_S,
        task_allow_error_cb_on_chord_header=False,
        task_track_started=False,
        worker_deduplicate_successful_tasks=False,  # True hangs chords
        worker_prefetch_multiplier=1,
        worker_concurrency=1,
        # A fresh interpreter: CUDA does not survive a fork, and the parent stays light.
        worker_pool_start_method="spawn",
        worker_proc_alive_timeout=300,  # s; three times a model load
        # SIGQUIT, or a remapped SIGTERM, hands the chunk in hand back at once. Celery's soft
        # shutdown would sleep its whole time, also when the chunk is done.
        worker_soft_shutdown_timeout=0,
        worker_cancel_long_running_tasks_on_connection_loss=False,  # the fence makes it harmless
        worker_send_task_events=True,  # for Flower
        task_send_sent_event=True,
        worker_hijack_root_logger=True,
        worker_enable_remote_control=True,
    )
    return app


app = make_app(Settings.from_env())
