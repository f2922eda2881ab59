"""Pairing heaps over integers: one queue per cone and sign in two arrays of links. Imported late: it imports Numba."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, error_model="numpy")
def link(one: int, other: int, key: Any, child: Any, sibling: Any) -> int:
    """Join two heaps; returns the root."""
    if key[other] < key[one]:
        one, other = other, one
    sibling[other] = child[one]
    child[one] = other
    return one


@njit(cache=True, error_model="numpy")
def push(root: int, item: int, key: Any, child: Any, sibling: Any) -> int:
    """Add an item with ``key[item]``; the root of an empty heap is -1. Returns the root."""
    child[item] = -1
    sibling[item] = -1
    return item if root < 0 else link(root, item, key, child, sibling)


@njit(cache=True, error_model="numpy")
def pop(root: int, key: Any, child: Any, sibling: Any) -> int:
    """Remove the root, the item with the least key; returns the new root."""
    item, pairs = child[root], -1
    while item >= 0:
        second = sibling[item]
        sibling[item] = -1
        if second < 0:
            sibling[item] = pairs
            pairs = item
            break
        rest = sibling[second]
        sibling[second] = -1
        joined = link(item, second, key, child, sibling)
        sibling[joined] = pairs
        pairs = joined
        item = rest
    root = -1
    while pairs >= 0:
        rest = sibling[pairs]
        sibling[pairs] = -1
        root = pairs if root < 0 else link(root, pairs, key, child, sibling)
        pairs = rest
    return root
