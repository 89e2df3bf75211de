"""Whether a job may name this URL for its webhook: asked before the job is accepted."""

import redis

from tasks.errors import RejectedError
from tasks.settings import Settings
from tasks.webhooks.outbox import GONE_S, Outbox
from tasks.webhooks.target import Policy


class WebhookAdmission:
    """Checks URLs, and looks no name up: a receiver's name may appear later than the job."""

    def __init__(self, settings: Settings, client: "redis.Redis") -> None:
        """Raises ValueError: a setting is wrong."""
        self._policy = Policy.of(settings.webhook_allow)
        self._outbox = Outbox(client)

    def check(self, url: str | None) -> None:
        """Raises RejectedError ("bad-webhook", "webhook-gone") or StoreError."""
        if url is None:
            return
        self._policy.check(url)
        if self._outbox.gone(url):
            raise RejectedError(
                "webhook-gone",
                "`webhook`: the receiver at this URL has answered 410 Gone, which means that it "
                "wants no more webhooks. Leave the field out, give another URL, or mend the "
                f"receiver and send the job again after {GONE_S // 60} minutes.",
                field="webhook",
            )
