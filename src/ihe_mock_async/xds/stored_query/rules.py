"""The rules on stored queries (ITI TF-2: 3.18.4.1.2; error codes of ITI TF-3: Table 4.2.4.1-2)."""

from __future__ import annotations

from functools import partial

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds.rules.report import PROBLEM_COUNT

MISSING_PARAM = "XDSStoredQueryMissingParam"
PARAM_NUMBER = "XDSStoredQueryParamNumber"
UNKNOWN_STORED_QUERY = "XDSUnknownStoredQuery"
RESULT_NOT_SINGLE_PATIENT = "XDSResultNotSinglePatient"
MISSING_HOME_COMMUNITY_ID = "XDSMissingHomeCommunityId"
UNKNOWN_COMMUNITY = "XDSUnknownCommunity"

_SEMANTICS = "ITI TF-2: 3.18.4.1.2.3"
_CODING = "ITI TF-2: 3.18.4.1.2.3.5"
_QUERIES = "ITI TF-2: 3.18.4.1.2.3.7"
_CODES = "ITI TF-2: 3.18.4.1.2.3.4"
_STATUSES = "ITI TF-2: 3.18.4.1.2.3.6"
_TIMES = "ITI TF-2: 3.18.4.1.2.3.3"
_COMMUNITY = "ITI TF-2: 3.38.4.1.2.1"

_error = partial(Rule, severity=Severity.ERROR, code=error_codes.REGISTRY_ERROR)
_warning = partial(Rule, severity=Severity.WARNING, code=error_codes.REGISTRY_ERROR)

RESPONSE_OPTION = _error(
    id="xds-query-response-option",
    text="query:ResponseOption comes before rim:AdhocQuery and says what is returned",
    section=_SEMANTICS,
    fix='Send <query:ResponseOption returnComposedObjects="true" returnType="LeafClass"/>.',
)
RETURN_TYPE = _error(
    id="xds-query-return-type",
    text="returnType is LeafClass for whole objects or ObjectRef for their ids",
    section=_SEMANTICS,
    fix="Set returnType; LeafClassWithRepositoryItem belongs to ITI-63 Cross-Community Fetch.",
)
COMPOSED_OBJECTS = _warning(
    id="xds-query-composed-objects",
    text="returnComposedObjects is true",
    section=_SEMANTICS,
    fix="Set it to true: objects are returned with all that belongs to them, whatever it says.",
)
ADHOC_QUERY = _error(
    id="xds-query-adhoc-query",
    text="The request holds rim:AdhocQuery",
    section=_SEMANTICS,
    fix="Send it once, after query:ResponseOption, in the namespace of rim:3.0.",
    essential=True,
)
REQUEST_ORDER = _warning(
    id="xds-query-request-order",
    text="The request is query:ResponseOption and after it rim:AdhocQuery, each once",
    section=_SEMANTICS,
    fix="Send them in this order, and one request for each query: of several the first counts.",
)
UNKNOWN_QUERY = _error(
    id="xds-query-id",
    text="AdhocQuery/@id names a stored query that is served here",
    section=_QUERIES,
    fix="Use the id of a query that is served.",
    code=UNKNOWN_STORED_QUERY,
    essential=True,
)
PAGING = Rule(
    id="xds-query-paging",
    severity=Severity.HINT,
    text="startIndex and maxResults are not used in stored queries",
    section=_SEMANTICS,
    fix="Leave them out: all results are returned at once.",
)
SLOT_NAMESPACE = _error(
    id="xds-query-slot-namespace",
    text="Parameters are rim:Slot elements",
    section=_SEMANTICS,
    fix="Put Slot, ValueList and Value into the namespace of rim:3.0.",
)
UNKNOWN_PARAMETER = _warning(
    id="xds-query-parameter-unknown",
    text="Every parameter belongs to the query; the others are ignored",
    section=_QUERIES,
    fix="Write the name exactly as the query defines it, or leave the parameter out.",
)
CODE_SCHEME_PARAMETER = _error(
    id="xds-query-code-scheme-parameter",
    text="The coding scheme stands beside the code, in one value",
    section=_CODES,
    fix="Leave this parameter of earlier versions out, and send 'code^^scheme' as value.",
)
PARAMETER_REQUIRED = _error(
    id="xds-query-parameter-required",
    text="Every required parameter has a value",
    section=_QUERIES,
    fix="Send it as a Slot with at least one value.",
    code=MISSING_PARAM,
    essential=True,
)
CRITERION = _error(
    id="xds-query-criterion",
    text="A query for several patients names patients or codes",
    section="ITI TF-2: 3.51.4.1.2.1",
    fix="Send at least one of these parameters, with a value.",
    code=MISSING_PARAM,
    essential=True,
)
PARAMETER_ALTERNATIVES = _error(
    id="xds-query-parameter-alternatives",
    text="Only one of the parameters that identify an object is sent",
    section=_QUERIES,
    fix="Leave the others out.",
    code=PARAM_NUMBER,
)
PARAMETER_SINGLE = _error(
    id="xds-query-parameter-single",
    text="The parameter has one value",
    section=_QUERIES,
    fix="Send one query for each value.",
    code=PARAM_NUMBER,
)
PARAMETER_REPEATED = _error(
    id="xds-query-parameter-repeated",
    text="Only a parameter whose values can be joined with and is sent in several Slots",
    section=_CODING,
    fix="Put all values into one Slot: ('first','second').",
)
SLOT_COUNT = _error(
    id="xds-query-slot-count",
    text="A parameter has at most 20 Slots",
    section="a limit of this server",
    fix="Ask for less at once, and intersect the results.",
    essential=True,
)
VALUE_SYNTAX = _error(
    id="xds-query-value",
    text="A value is a string, a number, or a list of them in parentheses",
    section=_CODING,
    fix="Code the value as expected.",
)
QUOTES = _error(
    id="xds-query-quotes",
    text="Strings such as patient ids, codes, URNs and UUIDs are in single quotes",
    section=_CODING,
    fix="Put single quotes around each string; in a list inside of the parentheses.",
)
PARENTHESES = _error(
    id="xds-query-parentheses",
    text="Several values are a list in parentheses",
    section=_CODING,
    fix="Put parentheses around the values, and quotes around each of them.",
)
VALUE_LIST = _warning(
    id="xds-query-value-list",
    text="Each of several rim:Value elements of a Slot is a list",
    section=_CODING,
    fix="Put each into parentheses: ('value').",
)
CODE = _error(
    id="xds-query-code",
    text="A coded value has a code and its coding scheme",
    section=_CODES,
    fix="Send both, joined by ^^; a code alone and code^^ do not say what is meant.",
)
PATIENT_ID = _error(
    id="xds-query-patient-id",
    text="A patient is named by id and assigning authority, as CX",
    section="ITI TF-3: Table 4.2.3.1.7-2",
    fix="Send the id that the patient has in the affinity domain, as in the metadata.",
)
STATUS = _warning(
    id="xds-query-status",
    text="A status is the whole URN of Approved or Deprecated; other values are ignored",
    section=_STATUSES,
    fix="Send the URN of a status that document entries, submission sets and folders can have.",
)
RESPONSE_STATUS = _warning(
    id="xds-query-response-status",
    text="ResponseStatusType is for answers, objects have a StatusType; the value is ignored",
    section=_STATUSES,
    fix="Write StatusType without Response, although samples in print have it.",
)
TIME = _error(
    id="xds-query-time",
    text="A time is a DTM",
    section=_TIMES,
    fix="Write the time in UTC, from the year to the precision that you need.",
)
PERIOD = _warning(
    id="xds-query-period",
    text="The time From is before the time To, which is not part of the period",
    section=_TIMES,
    fix="Swap the times, or move To to the next day or second; this period has nothing in it.",
)
ENTRY_UUID = _warning(
    id="xds-query-uuid",
    text="Entries are named by urn:uuid: and a UUID in lower-case hex",
    section="ITI TF-3: 4.2.3.1.8",
    fix="Send the id as the registry returns it.",
)
ASSOCIATION_TYPE = _warning(
    id="xds-query-association-type",
    text="Association types are whole URNs of the Technical Framework",
    section="ITI TF-3: Table 4.2.2-1",
    fix="Send the URN; other values find nothing.",
)
DOCUMENT_ENTRY_TYPE = _warning(
    id="xds-query-document-entry-type",
    text="$XDSDocumentEntryType selects stable or on-demand document entries",
    section=_QUERIES,
    fix="Send one or both of the two object types; other values find nothing.",
)
METADATA_LEVEL = _warning(
    id="xds-query-metadata-level",
    text="$MetadataLevel is the number 1 or 2",
    section="ITI TF-2: 3.18.4.1.2.3.5.1.1",
    fix="Send 1 or 2, without quotes.",
)
SINGLE_PATIENT = _error(
    id="xds-query-single-patient",
    text="A query for whole objects returns those of one patient",
    section=_SEMANTICS,
    fix="Query with returnType ObjectRef, or once for each patient.",
    code=RESULT_NOT_SINGLE_PATIENT,
)

HOME_REQUIRED = _error(
    id="xds-query-home-required",
    text="A cross-gateway query without a patient id has the attribute home",
    section=_COMMUNITY,
    fix="Set AdhocQuery/@home to the homeCommunityId that came with the objects.",
    code=MISSING_HOME_COMMUNITY_ID,
)
HOME_KNOWN = _error(
    id="xds-query-home",
    text="AdhocQuery/@home names the community that is asked",
    section=_COMMUNITY,
    fix="Send the query to the Responding Gateway of that community, or correct home.",
    code=UNKNOWN_COMMUNITY,
)
HOME_FORM = _error(
    id="xds-query-home-form",
    text="A homeCommunityId is urn:oid: followed by an OID",
    section=_COMMUNITY,
    fix="Write urn:oid: before the OID.",
    code=UNKNOWN_COMMUNITY,
)

_FIND_RULES: tuple[Rule, ...] = (
    RESPONSE_OPTION,
    RETURN_TYPE,
    COMPOSED_OBJECTS,
    ADHOC_QUERY,
    REQUEST_ORDER,
    UNKNOWN_QUERY,
    PAGING,
    SLOT_NAMESPACE,
    UNKNOWN_PARAMETER,
    CODE_SCHEME_PARAMETER,
    PARAMETER_REQUIRED,
    PARAMETER_SINGLE,
    PARAMETER_REPEATED,
    SLOT_COUNT,
    VALUE_SYNTAX,
    QUOTES,
    PARENTHESES,
    VALUE_LIST,
    CODE,
    PATIENT_ID,
    STATUS,
    RESPONSE_STATUS,
    TIME,
    PERIOD,
    DOCUMENT_ENTRY_TYPE,
    METADATA_LEVEL,
    PROBLEM_COUNT,
)
RULES: tuple[Rule, ...] = (
    *_FIND_RULES,
    PARAMETER_ALTERNATIVES,
    ENTRY_UUID,
    ASSOCIATION_TYPE,
    SINGLE_PATIENT,
)
"""Of ITI-18."""
MULTI_PATIENT_RULES: tuple[Rule, ...] = (*_FIND_RULES, CRITERION)
"""Of ITI-51."""
CROSS_GATEWAY_RULES: tuple[Rule, ...] = (*RULES, HOME_REQUIRED, HOME_KNOWN, HOME_FORM)
"""Of ITI-38."""
