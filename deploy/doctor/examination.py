"""The whole examination, in order; which stores it is about."""

import os
from collections.abc import Iterator, Mapping

from deploy.doctor import graphics, host, programs, stores
from deploy.doctor.finding import Finding
from deploy.places import Places
from deploy.running import running_blobs, running_queue
from deploy.stack import StackOptions
from tasks.errors import SettingError
from tasks.settings import Settings

VARIABLES = {"queue": "LIPCHORD_QUEUE_URL", "blob": "LIPCHORD_BLOB_URL"}


def findings(
    options: StackOptions,
    queue_url: str | None = None,
    blob_url: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Finding]:
    """Look at this host, one thing after the other.

    Args:
        options: of the `lipchord up` whose ports and folder are looked at.
        queue_url, blob_url: of the stores; None: the environment's, or the running stack's.
    """
    places = Places.at(options.var)
    yield from programs.findings(environ)
    yield from graphics.findings(environ)
    yield from host.findings()
    try:
        settings = Settings.from_env(environ)
    except SettingError as error:
        yield Finding("settings", False, str(error), "See docs/settings.md.")
        return
    told = {"queue": (queue_url, settings.queue_url, running_queue(places)),
            "blob": (blob_url, settings.blob_url, running_blobs(places))}  # fmt: skip
    if not (queue_url or set(VARIABLES.values()) & environ.keys()):
        yield from host.of_a_stack(places, options)  # else the stores are elsewhere
    named = [stores.Named(kind, _url(kind, *urls, environ)) for kind, urls in told.items()]
    yield from stores.findings(tuple(named))


def _url(
    kind: str, asked: str | None, setting: str, running: str | None, environ: Mapping[str, str]
) -> str | None:
    """Said here; else set in the environment (itself or by file); else of a stack that is up."""
    variable = VARIABLES[kind]
    is_set = variable in environ or f"{variable}_FILE" in environ
    return asked or (setting if is_set else running)
