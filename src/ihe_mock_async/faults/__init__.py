"""Faults on demand: which requests meet which, and what those are."""
