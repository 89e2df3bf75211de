"""The API as a WSGI application: `gunicorn deploy.wsgi:app`.

Here, and not in the api room, the job queue meets Celery: this process
publishes, and loads neither torch nor OpenCV.
"""

from api.app import create_app
from tasks.app import make_app
from tasks.chord import CeleryPublisher
from tasks.client import JobQueue
from tasks.settings import Settings

_settings = Settings.from_env()
app = create_app(JobQueue(_settings, CeleryPublisher(make_app(_settings))), _settings)
