"""What must outlive a request: patients, registry, repository and the documents' octets.

SQLAlchemy Core on SQLite; the octets are files named by their SHA-256. `Store.write` returns
after the commit, so whatever was acknowledged is stored.
"""

from ihe_mock_async.store.content import ContentDigest, ContentStore, StagedContent
from ihe_mock_async.store.delivery import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    OutgoingMessage,
)
from ihe_mock_async.store.outbox import Outbox
from ihe_mock_async.store.store import Store
from ihe_mock_async.store.unit_of_work import NamespaceCounts, NamespaceState

__all__ = [
    "ContentDigest",
    "ContentStore",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "NamespaceCounts",
    "NamespaceState",
    "Outbox",
    "OutgoingMessage",
    "StagedContent",
    "Store",
]
