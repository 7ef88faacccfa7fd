"""The IHE transactions that are served, one module each, found by their file names."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache

from ihe_mock_async.ihe import Transaction

_MODULE = re.compile(r"iti(\d+)_\w+")


@cache
def served() -> tuple[Transaction, ...]:
    """The TRANSACTION of every module `iti<number>_<name>.py` here, by number.

    Raises `TypeError` naming the module that has no such constant.
    """
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    matches = [match for match in map(_MODULE.fullmatch, names) if match]
    return tuple(_transaction(match[0]) for match in sorted(matches, key=lambda m: int(m[1])))


def _transaction(module_name: str) -> Transaction:
    module = importlib.import_module(f"{__name__}.{module_name}")
    transaction = getattr(module, "TRANSACTION", None)
    if not isinstance(transaction, Transaction):
        raise TypeError(
            f"{module.__name__} has no TRANSACTION. Every transactions/iti*.py must define "
            "TRANSACTION = Transaction(number=..., handlers={action: function}, ...); a module "
            "that is no transaction must not be named iti*."
        )
    return transaction
