"""A small synthetic affinity domain, loaded into a server through the messages of real clients.

Everything in it is derived from fixed names: each run sends the same ids and the same octets, so
that tests can rely on them, and a second run finds what the first has left.
"""

from ihe_mock_async.client.seed.cast import SeedDomain, cast
from ihe_mock_async.client.seed.seeding import Planted, plant

__all__ = ["Planted", "SeedDomain", "cast", "plant"]
