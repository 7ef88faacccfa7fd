"""What must outlive a request: patients, registry, repository and the documents' octets.

SQLAlchemy Core on SQLite; the octets are files named by their SHA-256. `Store.write` returns
after the commit, so whatever was acknowledged is stored.
"""

from ihe_mock_async.store.content import ContentDigest, ContentStore, StagedContent
from ihe_mock_async.store.store import Store

__all__ = ["ContentDigest", "ContentStore", "StagedContent", "Store"]
