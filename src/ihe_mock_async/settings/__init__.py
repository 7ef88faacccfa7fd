"""Every setting, where its value came from, and what may stand in it."""

from ihe_mock_async.settings.loading import DEFAULT_CONFIG_FILE, LoadedSettings, load, made_in_code
from ihe_mock_async.settings.model import Settings

__all__ = ["DEFAULT_CONFIG_FILE", "LoadedSettings", "Settings", "load", "made_in_code"]
