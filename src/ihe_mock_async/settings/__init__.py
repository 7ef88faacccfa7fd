"""Every setting, where its value came from, and what may stand in it."""

from ihe_mock_async.settings.loading import DEFAULT_CONFIG_FILE, LoadedSettings, load
from ihe_mock_async.settings.model import Settings

__all__ = ["DEFAULT_CONFIG_FILE", "LoadedSettings", "Settings", "load"]
