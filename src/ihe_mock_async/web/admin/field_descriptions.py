"""What the docstrings below the fields of models say of them.

Pydantic can read them itself (`use_attribute_docstrings`), but does so when a class is made: every
start would pay for what only the OpenAPI document needs.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise

from pydantic import BaseModel


def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """Of the fields of a model, by their names in Python; inherited ones, too."""
    told: dict[str, str] = {}
    for each in reversed(model.__mro__):
        told.update(_of_module(each.__module__).get(each.__name__, {}))
    return told


@functools.cache
def _of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """Of the classes of a module, by their names; nothing when there is no source."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except (OSError, TypeError):
        return {}
    return {
        each.name: dict(_of_class(each)) for each in tree.body if isinstance(each, ast.ClassDef)
    }


def _of_class(tree: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, text in pairwise(tree.body):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str() as told)),
            ):
                yield name, inspect.cleandoc(told)
