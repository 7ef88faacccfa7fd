"""Companion services: other HTTP services that are declared in YAML, not coded."""
