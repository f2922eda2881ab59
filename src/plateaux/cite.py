"""BibTeX of what was used."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files

from .derivations.chain import Cited
from .derivations.paper import Paper
from .library import derivation_of, reads

SELF = "plateaux"
"""Key of this project."""


def bibliography() -> dict[str, str]:
    """All entries of ``references.bib`` by key, as they stand there."""
    text = files("plateaux.derivations").joinpath("references.bib").read_text(encoding="utf-8")
    return {match[1]: match[0].strip() for match in re.finditer(r"^@\w+\{([^,\s]+),.*?^\}", text, re.M | re.S)}


def sources(paper: Paper, ids: Iterable[str]) -> tuple[str, ...]:
    """Keys of the sources of formulas and systems, of what is only cited in their derivations, and of this project."""

    book, keys = paper.book(), []
    entries = {entry.id: entry for entry in book}
    for id in ids:
        keys.append(entries[id].source.key)
        derivation = derivation_of(paper, id)
        if derivation is not None:
            keys += [check.source.key for check in reads(derivation, book)[1] if isinstance(check, Cited)]
    return tuple(dict.fromkeys([*keys, SELF]))


def cited_keys(paper: Paper) -> tuple[str, ...]:
    """Every key that a paper cites."""
    return tuple(dict.fromkeys([paper.cite, *sources(paper, [entry.id for entry in paper.book()])]))


def bibtex(keys: Iterable[str]) -> str:
    """BibTeX entries of keys; a key that ``references.bib`` does not hold is left as a comment that says so."""
    known = bibliography()
    return "\n\n".join(known.get(key, f"% {key}: not in references.bib") for key in keys) + "\n"
