"""Settings are read once, typed, and documented."""

from dataclasses import fields
from pathlib import Path

import pytest

from tasks.settings import Settings

DOCS = Path(__file__).parent.parent / "docs" / "settings.md"


def test_the_environment_overrides_defaults_with_the_right_type() -> None:
    settings = Settings.from_env({"LIPCHORD_MAX_AUDIO_S": "60", "LIPCHORD_HEARTBEAT_S": "0.5"})

    assert settings.max_audio_s == 60
    assert settings.heartbeat_s == 0.5
    assert settings.max_video_s == Settings().max_video_s


def test_a_value_of_the_wrong_type_is_named() -> None:
    with pytest.raises(ValueError, match="LIPCHORD_MAX_AUDIO_S must be int, not 'long'"):
        Settings.from_env({"LIPCHORD_MAX_AUDIO_S": "long"})


def test_every_setting_is_documented_with_its_default() -> None:
    rows = {
        cells[1].split("`")[1]: cells[2].strip(" `")
        for line in DOCS.read_text().splitlines()
        if (cells := line.split("|"))[1:2] and cells[1].startswith(" `LIPCHORD_")
    }

    for setting in fields(Settings):
        assert rows[setting.metadata["env"]] == str(setting.default).removesuffix(".0")
