"""A client of IHE services: makes messages, sends them, and tells what the answer means."""
