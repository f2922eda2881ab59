"""Where items and parameters lie in flat arrays: name -> offset and shape, as functions of the sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr, Mul, expand

Array = NDArray[Any]
Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Slot:
    """One array in a flat vector.

    Parameters
    ----------
    name : as on paper, in ASCII.
    dims : lengths as SymPy polynomials of the sizes; empty for a number.
    offset : place of its first entry, a polynomial of the sizes.
    """

    name: str
    dims: tuple[Expr, ...]
    offset: Expr

    @property
    def length(self) -> Expr:
        """Number of entries."""
        return Mul(*self.dims)


@dataclass(frozen=True)
class Layout:
    """Arrays one after another in a flat vector.

    Parameters
    ----------
    slots : in the order of the vector.
    """

    slots: tuple[Slot, ...]

    @classmethod
    def of(cls, arrays: Iterable[tuple[str, tuple[Expr, ...]]], start: Any = 0) -> Layout:
        """Layout of ``(name, dims)`` pairs in the given order."""
        slots: list[Slot] = []
        for name, dims in arrays:
            offset = expand(Add(slots[-1].offset, slots[-1].length)) if slots else expand(start)
            slots.append(Slot(name, dims, offset))
        return cls(tuple(slots))

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(slot.name for slot in self.slots)

    @property
    def length(self) -> Any:
        """Length of the vector, a polynomial of the sizes."""
        return expand(Add(self.slots[-1].offset, self.slots[-1].length)) if self.slots else expand(0)

    def places(self, sizes: Sizes) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Name -> offset and shape at these sizes."""
        found, offset = {}, _number(self.slots[0].offset, sizes) if self.slots else 0
        for slot in self.slots:
            shape = tuple(_number(dim, sizes) for dim in slot.dims)
            found[slot.name] = offset, shape
            offset += int(np.prod(shape, dtype=int))
        return found

    def split(self, vector: Array, sizes: Sizes) -> dict[str, Array]:
        """Arrays of a vector, or of many vectors along the last axis."""
        lead = vector.shape[:-1]
        return {
            name: vector[..., offset : offset + int(np.prod(shape, dtype=int))].reshape(lead + shape)
            for name, (offset, shape) in self.places(sizes).items()
        }

    def join(self, values: Mapping[str, Any], sizes: Sizes) -> Array:
        """Vector of checked arrays."""
        parts = [np.asarray(values[name], dtype=float).ravel() for name in self.names]
        return np.concatenate(parts) if parts else np.empty(0)


def _number(expression: Any, sizes: Sizes) -> int:
    if expression.is_Integer:
        return int(expression)
    missing = sorted(str(s) for s in expression.free_symbols if str(s) not in sizes)
    if missing:
        raise ValueError(f"{missing[0]}: this size is not known; give an array that has it, or {missing[0]}=...")
    return int(expression.xreplace({s: _integer(sizes[str(s)]) for s in expression.free_symbols}))


def _integer(value: int) -> Any:
    from sympy import Integer

    return Integer(value)


def checked(name: str, value: Any, rank: int) -> Array:
    """The value as float64 array of this rank without nan.

    Raises
    ------
    ValueError : not a number, nan, wrong rank.
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise TypeError
        array = array.astype(float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: {str(value)[:40]!r} is no real number or array of them") from None
    if array.ndim != rank:
        kind = "a number" if rank == 0 else f"an array with {rank} ax{'i' if rank == 1 else 'e'}s"
        raise ValueError(f"{name}: has shape {array.shape}; {kind} is needed")
    if np.isnan(array).any():
        raise ValueError(f"{name}: holds nan; real numbers are needed")
    return array


def solve_sizes(shapes: Iterable[tuple[str, tuple[Any, ...], tuple[int, ...]]], known: Sizes) -> dict[str, int]:
    """Sizes from shapes: each dimension that is linear in one unknown size determines it, every other one is checked.

    Parameters
    ----------
    shapes : triples ``(name, dims, shape)``.
    known : sizes that are given.

    Raises
    ------
    ValueError : a shape that does not fit, a size below 1.
    """
    sizes, waiting = dict(known), list(shapes)
    while waiting:
        later = []
        for name, dims, shape in waiting:
            open_dims = 0
            for dim, found in zip(dims, shape):
                unknown = [s for s in dim.free_symbols if str(s) not in sizes]
                if len(unknown) == 1 and dim.diff(unknown[0]).is_Integer:
                    rest = _number(dim.subs(unknown[0], 0), sizes)
                    value, left = divmod(found - rest, int(dim.diff(unknown[0])))
                    if left or value < 1:
                        raise ValueError(f"{name}: has shape {shape}; {dim} = {found} is no allowed size")
                    sizes[str(unknown[0])] = value
                elif unknown:
                    open_dims += 1
                elif _number(dim, sizes) != found:
                    wanted = tuple(_number(d, sizes) if _known(d, sizes) else str(d) for d in dims)
                    raise ValueError(f"{name}: has shape {shape}; allowed: {wanted}")
            if open_dims:
                later.append((name, dims, shape))
        if len(later) == len(waiting):
            break
        waiting = later
    return sizes


def _known(dim: Any, sizes: Sizes) -> bool:
    return all(str(s) in sizes for s in dim.free_symbols)
