"""The form in which texts of patients are compared."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The text as it is compared: casefolded, without diacritics, blanks collapsed to one."""
    if not text.isascii():
        # Twice: compatibility characters hide capitals, and casefolding makes new compositions.
        folded = unicodedata.normalize("NFKD", text).casefold()
        decomposed = unicodedata.normalize("NFKD", folded)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(text.lower().split())
