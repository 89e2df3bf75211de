"""The service's own Celery app, with a visibility timeout that a test can wait for."""

import os

from tasks.app import app

app.conf.broker_transport_options |= {
    "visibility_timeout": float(os.environ["FAULTS_VISIBILITY_S"]),
    "unacked_restore_interval": 1,
}
