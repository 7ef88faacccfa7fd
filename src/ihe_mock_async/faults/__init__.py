"""Faults on demand: plans, which request meets one, and what it does to the answer."""
