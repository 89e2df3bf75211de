"""The service's own Celery app, with a visibility timeout that a test can wait for."""

import os

from tasks.app import app

app.conf.broker_transport_options |= {
    "visibility_timeout": float(os.environ.get("FAULTS_VISIBILITY_S", "3600")),
    "unacked_restore_interval": 1,
}
app.conf.imports = (*app.conf.imports, "tests.faults.plainly")
