"""What the elements of ebRIM may hold, as far as XDS uses them (ebRIM 3.0: rim.xsd).

Neither order nor presence: ids, references and the sequence of children have rules of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.ebxml import CHILD_ORDER

_UNBOUNDED = 1 << 30
_LONG_NAME = 256
_FREE_FORM_TEXT = 1024
_STRING_16 = 16
_RELAX_NG = "http://relaxng.org/ns/structure/1.0"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Form:
    """What one element may hold."""

    attributes: Mapping[str, int]
    """The greatest length by Clark name."""
    children: frozenset[str] = frozenset()
    """Clark names."""
    once: bool = False
    """Whether there is one child at most."""
    is_object: bool = False
    """Whether it has an id, and the children of every object."""


def _uris(*names: str) -> dict[str, int]:
    return dict.fromkeys(names, _UNBOUNDED)


def _object(attributes: Mapping[str, int]) -> Form:
    common = _uris("id", "home", "lid", "objectType", "status")
    return Form({**common, **attributes}, frozenset(CHILD_ORDER), is_object=True)


_STRINGS = Form({}, frozenset({ns.LOCALIZED_STRING}))
_VERSION = Form({"versionName": _STRING_16, **_uris("comment")})
FORMS: Mapping[str, Form] = {
    ns.EXTRINSIC_OBJECT: _object({"mimeType": _LONG_NAME, **_uris("isOpaque")}),
    ns.REGISTRY_PACKAGE: _object({}),
    ns.ASSOCIATION: _object(_uris("associationType", "sourceObject", "targetObject")),
    ns.CLASSIFICATION: _object(
        {
            **_uris("classificationScheme", "classificationNode", "classifiedObject"),
            "nodeRepresentation": _LONG_NAME,
        }
    ),
    ns.EXTERNAL_IDENTIFIER: _object(
        {**_uris("identificationScheme", "registryObject"), "value": _LONG_NAME}
    ),
    ns.SLOT: Form(
        {"name": _LONG_NAME, **_uris("slotType")}, frozenset({ns.VALUE_LIST}), once=True
    ),
    ns.VALUE_LIST: Form({}, frozenset({ns.VALUE})),
    ns.VALUE: Form({}),
    ns.NAME: _STRINGS,
    ns.DESCRIPTION: _STRINGS,
    ns.LOCALIZED_STRING: Form({"value": _FREE_FORM_TEXT, **_uris("charset", _XML_LANG)}),
    ns.VERSION_INFO: _VERSION,
    ns.CONTENT_VERSION_INFO: _VERSION,
}
"""By Clark name."""

_REQUIRED = {(ns.LOCALIZED_STRING, "value")}
_RNG = ElementMaker(namespace=_RELAX_NG, nsmap={None: _RELAX_NG})


def is_in_form(object_list: etree._Element) -> bool:
    """Whether everything in a rim:RegistryObjectList certainly has its form.

    False may also have a harmless reason, like an attribute of XML Schema.
    """
    return _GRAMMAR.validate(object_list)


def _grammar() -> etree.RelaxNG:
    """The forms in RELAX NG: libxml2 walks a message in a fraction of the time that we need."""
    objects = frozenset(tag for tag, form in FORMS.items() if form.is_object)
    forms = {ns.REGISTRY_OBJECT_LIST: Form({}, objects), **FORMS}
    return etree.RelaxNG(
        _RNG.grammar(
            _RNG.start(_RNG.ref(name=_local(ns.REGISTRY_OBJECT_LIST))),
            *(_RNG.define(_element(tag, form), name=_local(tag)) for tag, form in forms.items()),
            datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes",
        )
    )


def _element(tag: str, form: Form) -> etree._Element:
    attributes = [_attribute(tag, name, most) for name, most in form.attributes.items()]
    if tag == ns.VALUE:
        content = _RNG.text()
    elif form.children:
        choice = _RNG.choice(*(_RNG.ref(name=_local(child)) for child in sorted(form.children)))
        content = _RNG.optional(choice) if form.once else _RNG.zeroOrMore(choice)
    else:
        content = _RNG.empty()
    return _RNG.element(*attributes, content, name=_local(tag), ns=ns.RIM)


def _attribute(tag: str, name: str, most: int) -> etree._Element:
    value = _RNG.text()
    if most != _UNBOUNDED:
        value = _RNG.data(_RNG.param(str(most), name="maxLength"), type="string")
    qualified = etree.QName(name)
    attribute = _RNG.attribute(value, name=qualified.localname, ns=qualified.namespace or "")
    return attribute if (tag, name) in _REQUIRED else _RNG.optional(attribute)


def _local(tag: str) -> str:
    return etree.QName(tag).localname


_GRAMMAR = _grammar()
