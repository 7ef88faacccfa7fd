"""Rules on the removal of metadata (ITI TF-2: 3.62.4.1)."""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds.rules.report import PROBLEM_COUNT, metadata_error, metadata_warning

_SEMANTICS = "ITI TF-2: 3.62.4.1.2"
_ACTIONS = "ITI TF-2: 3.62.4.1.3"

EMPTY = metadata_error(
    id="xds-removal-empty",
    text="The request holds rim:ObjectRefList with at least one rim:ObjectRef",
    section=_SEMANTICS,
    fix="Add an ObjectRef with the id of each object to remove, in the namespace rim:3.0.",
    essential=True,
)
CONTENT = metadata_error(
    id="xds-removal-content",
    text="The request holds rim:ObjectRefList, and the list rim:ObjectRef, nothing else",
    section=_SEMANTICS,
    fix="Remove the element: objects are named by their id, an AdhocQuery is not taken.",
)
SCOPE = metadata_warning(
    id="xds-removal-scope",
    text="The attribute deletionScope is absent",
    section=_SEMANTICS,
    fix="Remove the attribute: metadata is removed as with DeleteAll, documents stay.",
)
SCOPE_VALUE = metadata_error(
    id="xds-removal-scope-value",
    text="No other removal is asked for than that of metadata",
    section=_SEMANTICS,
    fix="Remove the attribute deletionScope; remove documents with ITI-86.",
)
ID_FORM = metadata_error(
    id="xds-removal-id",
    text="The id of an ObjectRef is an entryUUID: urn:uuid: and a UUID in lower case",
    section="ITI TF-3: 4.2.3.1.5",
    fix="Write the id as the registry returns it.",
)
REPEATED = metadata_warning(
    id="xds-removal-repeated",
    text="An object is named once",
    section=_SEMANTICS,
    fix="Leave one ObjectRef.",
)
UNRESOLVED = Rule(
    id="xds-removal-unresolved",
    severity=Severity.ERROR,
    text="The id of an ObjectRef is that of a registered object",
    section=_ACTIONS,
    fix="Query for the entryUUID; it is neither the uniqueId nor, of later versions, the "
    "logicalID.",
    code=error_codes.UNRESOLVED_REFERENCE,
    essential=True,
)
REFERENCED = Rule(
    id="xds-removal-referenced",
    severity=Severity.ERROR,
    text="No association that stays refers to a removed object",
    section=_ACTIONS,
    fix="Add the association to the list.",
    code=error_codes.REFERENCES_EXIST,
    essential=True,
)
UNREFERENCED = Rule(
    id="xds-removal-unreferenced",
    severity=Severity.ERROR,
    text="An object that stays keeps at least one association",
    section=_ACTIONS,
    fix="Add the object to the list, or leave one of its associations out.",
    code=error_codes.UNREFERENCED_OBJECT,
    essential=True,
)
RULES = (
    EMPTY, CONTENT, SCOPE, SCOPE_VALUE, ID_FORM, REPEATED, UNRESOLVED, REFERENCED, UNREFERENCED,
    PROBLEM_COUNT,
)  # fmt: skip
