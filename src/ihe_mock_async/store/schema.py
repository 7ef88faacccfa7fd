"""The tables, and the SQL text of the statements on them.

Statements are Core expressions that are compiled once, when a module is imported, and executed
on the driver's own cursor: in `Connection.execute` a look-up costs four times as much. Their
parameters are positional, in the order of the text. Only column types that every driver takes
without conversion are used, which is why times are ISO 8601 texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Executable,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    create_mock_engine,
    exists,
    func,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import Compiled
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.selectable import TableValuedAlias

VERSION = 7
"""Of the tables below: raise it with every change to them."""
APPLICATION_ID = 0x49484D41
"""`IHMA` in the header of a SQLite file (PRAGMA application_id): the database is ours."""

METADATA = MetaData()

NAMESPACES = Table(
    "namespaces",
    METADATA,
    Column("key", Integer, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False, unique=True),
)

PATIENTS = Table(
    "patients",
    METADATA,
    Column("key", Integer, primary_key=True, autoincrement=False),
    Column("namespace", Integer, nullable=False),
    Column("birth_time", String, nullable=False),
    Column("gender", String, nullable=False),
    Column("description", String, nullable=False),
    Column("created", String, nullable=False),
    Column("updated", String, nullable=False),
    # The last one: searches read what stands before, and are spared the pages of a long one.
    Column("demographics", LargeBinary, nullable=False),
)
Index("patients_of_namespace", PATIENTS.c.namespace)
Index("patients_of_birth_time", PATIENTS.c.namespace, PATIENTS.c.birth_time)

FAMILY_NAMES = Table(
    "family_names",
    METADATA,
    Column("namespace", Integer, primary_key=True, autoincrement=False),
    Column("name", String, primary_key=True),
    Column("patient_key", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
Index("family_names_of_patient", FAMILY_NAMES.c.patient_key)

PATIENT_IDENTIFIERS = Table(
    "patient_identifiers",
    METADATA,
    Column("namespace", Integer, primary_key=True, autoincrement=False),
    Column("root", String, primary_key=True),
    Column("extension", String, primary_key=True),
    Column("patient_key", Integer, nullable=False),
    # Among the patient's identifiers, in the order in which they were registered.
    Column("position", Integer, nullable=False),
    Column("subsumed_by_root", String),
    Column("subsumed_by_extension", String),
    sqlite_with_rowid=False,
)
Index(
    "identifiers_of_patient",
    PATIENT_IDENTIFIERS.c.patient_key,
    PATIENT_IDENTIFIERS.c.subsumed_by_root,
)

OBJECTS = Table(
    "objects",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("namespace", Integer, nullable=False),
    Column("registered", String, nullable=False),
    Column("id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("logical_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("xml", LargeBinary, nullable=False),
    Column("unique_id", String),
    Column("patient_id", String),
    Column("submission_set_id", String),
    Column("hash", String),
    Column("size", BigInteger),
    Column("repository_unique_id", String),
    Column("association_type", String),
    Column("source", String),
    Column("target", String),
    UniqueConstraint("namespace", "id"),
)

OBJECT_ATTRIBUTES = Table(
    "object_attributes",
    METADATA,
    Column("object", Integer, primary_key=True, autoincrement=False),
    Column("name", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("namespace", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What stored queries ask of an object; `object` is its sequence number."""
Index(
    "attributes_of_value",
    OBJECT_ATTRIBUTES.c.namespace,
    OBJECT_ATTRIBUTES.c.name,
    OBJECT_ATTRIBUTES.c.value,
)

REPOSITORY_DOCUMENTS = Table(
    "repository_documents",
    METADATA,
    Column("namespace", Integer, primary_key=True, autoincrement=False),
    Column("unique_id", String, primary_key=True),
    Column("sha256", String, nullable=False),
    Column("sha1", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String, nullable=False),
    Column("stored", String, nullable=False),
    sqlite_with_rowid=False,
)
Index("documents_of_content", REPOSITORY_DOCUMENTS.c.sha256)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("namespace", Integer, nullable=False),
    Column("created", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("transaction", String, nullable=False),
    Column("to", String, nullable=False),
    Column("action", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("relates_to", String, nullable=False),
    Column("version", String, nullable=False),
    Column("mtom", Integer, nullable=False),
    Column("attachments", String, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt", String),
    Column("last_error", String, nullable=False),
    Column("last_status", Integer),
    Column("finished", String),
    sqlite_autoincrement=True,  # the number of a forgotten delivery is not given to another one
)
Index("deliveries_of_namespace", DELIVERIES.c.namespace)
Index("deliveries_in_state", DELIVERIES.c.state, DELIVERIES.c.id)

QUERY_SESSIONS = Table(
    "query_sessions",
    METADATA,
    Column("namespace", Integer, primary_key=True, autoincrement=False),
    Column("query_id", String, primary_key=True),
    Column("query", LargeBinary, nullable=False),
    Column("matches", String, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("response_id", String, nullable=False),
    Column("expires", String, nullable=False),
    Column("quantity", Integer),
    sqlite_with_rowid=False,
)
Index("query_sessions_by_expiry", QUERY_SESSIONS.c.namespace, QUERY_SESSIONS.c.expires)

READINESS = Table(
    "readiness",
    METADATA,
    Column("key", Integer, primary_key=True, autoincrement=False),
    Column("checked", Integer, nullable=False),
)

NAMESPACED = (
    PATIENT_IDENTIFIERS,
    FAMILY_NAMES,
    PATIENTS,
    OBJECT_ATTRIBUTES,
    OBJECTS,
    REPOSITORY_DOCUMENTS,
    DELIVERIES,
    QUERY_SESSIONS,
)
"""The tables whose rows belong to a namespace."""


def _index_of_present(name: str, *columns: Column[Any]) -> None:
    # Only rows that have the value: an association costs nothing in the entries' indexes.
    present = columns[1].is_not(None)
    Index(name, *columns, sqlite_where=present)


_index_of_present(
    "identifiers_of_survivor",
    PATIENT_IDENTIFIERS.c.namespace,
    PATIENT_IDENTIFIERS.c.subsumed_by_root,
    PATIENT_IDENTIFIERS.c.subsumed_by_extension,
)
Index(
    "deliveries_finished",
    DELIVERIES.c.finished,
    DELIVERIES.c.id,
    sqlite_where=DELIVERIES.c.finished.is_not(None),
)
_index_of_present("objects_of_unique_id", OBJECTS.c.namespace, OBJECTS.c.unique_id)
_index_of_present("objects_of_source", OBJECTS.c.namespace, OBJECTS.c.source)
_index_of_present("objects_of_target", OBJECTS.c.namespace, OBJECTS.c.target)
_index_of_present("objects_of_submission", OBJECTS.c.namespace, OBJECTS.c.submission_set_id)
_index_of_present(
    "objects_of_patient",
    OBJECTS.c.namespace,
    OBJECTS.c.patient_id,
    OBJECTS.c.kind,
    OBJECTS.c.status,
)
Index("objects_of_logical_id", OBJECTS.c.namespace, OBJECTS.c.logical_id, OBJECTS.c.version)

# The one place that knows the database's dialect when a statement is written down.
_DIALECT = sqlite.dialect(paramstyle="qmark")


@cache
def ddl() -> tuple[str, ...]:
    """The statements that make the schema; compiling them takes longer than running them."""
    statements: list[str] = []
    engine = create_mock_engine(
        "sqlite://", lambda element, *_: statements.append(str(element.compile(dialect=_DIALECT)))
    )
    METADATA.create_all(engine, checkfirst=False)
    return tuple(statements)


def sql(statement: Executable) -> str:
    """The statement's text for the driver; parameters are positional, in order of appearance."""
    assert isinstance(statement, ClauseElement)  # noqa: S101 - narrows: every Core statement is
    compiled: Compiled = statement.compile(dialect=_DIALECT)
    # A value written into the expression would become one more place, and be lost.
    assert set(compiled.params.values()) <= {None}, compiled  # noqa: S101 - on import only
    return str(compiled)


def parameter() -> BindParameter[Any]:
    """A place for a value."""
    return bindparam(None)


def equal(*columns: Column[Any]) -> tuple[ColumnElement[bool], ...]:
    """Conditions on columns, each against a parameter."""
    return tuple(column == bindparam(None, type_=column.type) for column in columns)


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Condition that a column has one of the values of a parameter: a `value_list`.

    One parameter however many values there are: the database limits their number, and the
    statement stays the same.
    """
    return column.in_(select(_values_of(parameter()).c.value))


def like_one_of(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Condition that a column has the form of one of the `wildcards` of a `value_list`."""
    patterns = _values_of(parameter())
    return exists().select_from(patterns).where(column.op("GLOB")(patterns.c.value))


def each_of(holds: Callable[[ColumnElement[str]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Condition that something holds for each of the values of a parameter: a `value_list`."""
    values = _values_of(parameter())
    return ~exists().select_from(values).where(~holds(values.c.value))


def value_list(values: Iterable[str]) -> str:
    """The values as the one parameter that `among`, `like_one_of` and `each_of` take."""
    return json.dumps(list(values))


# SQLite's own LIKE knows no case, unless a deprecated pragma changes it for the connection.
_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})


def wildcards(like: str) -> str:
    """A pattern of SQL LIKE in the form that `like_one_of` takes; case matters."""
    return like.translate(_GLOB)


def _values_of(values: BindParameter[Any]) -> TableValuedAlias:
    return func.json_each(values).table_valued("value")


def timestamp(moment: datetime) -> str:
    """An aware time as UTC text of fixed width, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
