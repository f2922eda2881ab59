"""Compiled right-hand sides of systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.system import System
from .build import Draft, draft_cached
from .layout import Layout, checked, solve_sizes
from .module import load

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A system as a compiled function.

    Parameters
    ----------
    id : id of the system.
    kind : ``"flow"`` or ``"map"``.
    source : generated Python source.
    digest : SHA-256 of source and versions.
    layout : places of the items in the state ``y``.
    layout_par : places of the parameters in ``par``, after the sizes.
    sizes : names of the sizes that are read at run time.
    rhs : compiled ``rhs(t, y, out, par, work)``; contiguous float64 vectors, writes into ``out``.
    work_length : length of ``work``, a polynomial of the sizes.
    system, static : what was lowered, and the sizes that are literals.
    needs : least lengths ``(array, axis, length)`` that literal places ask for.
    par : bound parameters, sizes first; empty before `parameters`.
    size : bound sizes.
    """

    id: str
    kind: str
    source: str = field(repr=False)
    digest: str
    layout: Layout
    layout_par: Layout
    sizes: tuple[str, ...]
    rhs: Any = field(repr=False)
    work_length: Any = field(repr=False)
    system: System = field(repr=False)
    static: tuple[tuple[str, int], ...] = ()
    needs: tuple[tuple[str, int, int], ...] = field(default=(), repr=False)
    par: Array | None = field(default=None, repr=False)
    size: Mapping[str, int] = field(default_factory=dict)

    def __reduce__(self) -> Any:
        # Another process loads the compiled code from the cache instead of compiling a copy.
        return _restore, (self.system, self.static, self.par, dict(self.size))

    def parameters(self, **values: Any) -> Kernel:
        """The kernel with its parameters bound.

        Parameters
        ----------
        values : every parameter by name; a size by name where no array has it.

        Raises
        ------
        ValueError : missing or extra name, nan, wrong shape.
        """
        return self.bind({}, values)

    def bind(self, state: Mapping[str, Any], values: Mapping[str, Any]) -> Kernel:
        """Like `parameters`; sizes are also read off the given items of the state."""
        wanted = self.layout_par.names
        takes = f"{self.id} takes {', '.join((*wanted, *self.sizes)) or 'no parameters'}"
        for name in values:
            if name not in wanted and name not in self.sizes:
                raise ValueError(f"parameter: {name!r} is unknown; {takes}")
        missing = [name for name in wanted if name not in values]
        if missing:
            raise ValueError(f"parameter: {', '.join(missing)} missing; {takes}")
        arrays = {slot.name: checked(slot.name, values[slot.name], len(slot.dims)) for slot in self.layout_par.slots}
        known = {}
        for name in self.sizes:
            if name in values:
                number = values[name]
                if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
                    raise ValueError(f"{name}: {number} is no size; a whole number of at least 1 is needed")
                known[name] = int(number)
        shapes = [(slot.name, slot.dims, arrays[slot.name].shape) for slot in self.layout_par.slots]
        shapes += [(s.name, s.dims, np.shape(state[s.name])) for s in self.layout.slots if s.name in state]
        size = solve_sizes(shapes, known)
        head = np.array([float(size.get(name, 0)) for name in self.sizes])
        par = np.concatenate([head, self.layout_par.join(arrays, size)])
        par.flags.writeable = False
        return replace(self, par=par, size=size)

    def pack(self, values: Mapping[str, Any]) -> Array:
        """State vector of the items.

        Raises
        ------
        ValueError : missing or extra item, nan, wrong shape.
        """
        wanted = self.layout.names
        for name in values:
            if name not in wanted:
                raise ValueError(f"item: {name!r} is unknown; {self.id} has {', '.join(wanted)}")
        missing = [name for name in wanted if name not in values]
        if missing:
            raise ValueError(f"item: {', '.join(missing)} missing; {self.id} has {', '.join(wanted)}")
        arrays = {slot.name: checked(slot.name, values[slot.name], len(slot.dims)) for slot in self.layout.slots}
        solve_sizes([(slot.name, slot.dims, arrays[slot.name].shape) for slot in self.layout.slots], self.size)
        return self.layout.join(arrays, self.size)

    def unpack(self, y: Array) -> dict[str, Array]:
        """Items of a state vector; leading axes, such as time, are kept.

        Raises
        ------
        ValueError : the length does not fit.
        """
        y = np.asarray(y)
        size = dict(self.size)
        unknown = {str(s) for slot in self.layout.slots for dim in slot.dims for s in dim.free_symbols} - set(size)
        if len(unknown) == 1:  # the length grows with the one size that is open
            name = unknown.pop()
            low, high = 1, y.shape[-1]
            while low < high:
                middle = (low + high) // 2
                short = _length(self.layout, {**size, name: middle}) < y.shape[-1]
                low, high = (middle + 1, high) if short else (low, middle)
            size[name] = low
        length = _length(self.layout, size)
        if y.shape[-1] != length:
            raise ValueError(f"y: has {y.shape[-1]} entries; {self.id} has {length} at {size}")
        return self.layout.split(y, size)

    def work(self) -> Array:
        """Scratch space for `rhs`."""
        return np.empty(max(1, _value(self.work_length, self.size)))

    def bound(self) -> Array:
        """Bound parameters, writable for the compiled signature.

        Raises
        ------
        ValueError : none are bound, or a size is open.
        """
        par = self.par
        if par is None:
            if self.layout_par.slots:
                raise ValueError(f"parameter: none is bound; use parameters({', '.join(self.layout_par.names)})")
            par = np.zeros(len(self.sizes))
        open_sizes = [name for name in self.sizes if name not in self.size]
        if open_sizes:
            raise ValueError(f"{open_sizes[0]}: this size is not known; give parameters({open_sizes[0]}=...)")
        places = {**self.layout.places(self.size), **self.layout_par.places(self.size)}
        for name, axis, length in self.needs:
            if name in places and places[name][1][axis] < length:
                raise ValueError(f"{name}: has shape {places[name][1]}; axis {axis} needs at least {length} entries")
        return par.copy()

    @property
    def jacobian(self) -> Callable[[float, Array], Array] | None:
        """``jacobian(t, y)``, dense, derived by SymPy; None where the system has matrices or no such derivative."""
        try:
            plan = _jacobian(self.system, self.static)
            _, module = load(plan.source)
        except (ValueError, NotImplementedError):
            return None
        size = _length(self.layout, self.size)
        par, work = self.bound(), np.empty(max(1, _value(plan.work, self.size)))

        def jacobian(t: float, y: Array) -> Array:
            out = np.empty((size, size))
            module.rhs(t, np.array(y, dtype=np.float64), out.reshape(-1), par, work)
            return out

        return jacobian

    @property
    def function(self) -> Callable[[float, Array], Array]:
        """``function(t, y) -> dy`` for SciPy: a new array at each call; read-only and strided ``y`` are accepted."""
        par, work, rhs, length = self.bound(), self.work(), self.rhs, _length(self.layout, self.size)

        def function(t: float, y: Array) -> Array:
            # Numba wants contiguous, writable arrays. The scratch space is safe: compiled code holds the GIL.
            state = np.ascontiguousarray(y, dtype=np.float64)
            if state.shape != (length,):
                raise ValueError(f"y: has shape {state.shape}; ({length},) is needed")
            if not state.flags.writeable:
                state = state.copy()
            out = np.empty(length)
            rhs(t, state, out, par, work)
            return out

        return function

    def step(self, y: Array, n: int = 0) -> Array:
        """Next state of a map at step ``n``."""
        if self.kind != "map":
            raise ValueError(f"step: {self.id} is a flow; integrate it")
        return self.function(float(n), y)

    def iterate(self, y0: Array, n: int) -> Array:
        """States 0 to ``n`` of a map, one per row."""
        if self.kind != "map":
            raise ValueError(f"iterate: {self.id} is a flow; integrate it")
        if isinstance(n, bool) or int(n) != n or n < 0:
            raise ValueError(f"n: {n}; a whole number of at least 0 is needed")
        y0 = np.asarray(y0, dtype=float)
        if y0.shape != (_length(self.layout, self.size),):
            raise ValueError(f"y0: has shape {y0.shape}; ({_length(self.layout, self.size)},) is needed")
        path, par, work = np.empty((int(n) + 1, y0.size)), self.bound(), self.work()
        path[0] = y0
        for k in range(int(n)):
            self.rhs(float(k), path[k], path[k + 1], par, work)
        return path


def _restore(system: System, static: tuple[tuple[str, int], ...], par: Array | None, size: dict[str, int]) -> Kernel:
    return replace(lower(system, dict(static)), par=par, size=size)


@cache
def _jacobian(system: System, fixed: tuple[tuple[str, int], ...]) -> Draft:
    from .jacobian import draft_jacobian

    return draft_jacobian(system, dict(fixed))


def _value(expression: Any, sizes: Mapping[str, int]) -> int:
    return int(expression.xreplace({s: _integer(sizes[str(s)]) for s in expression.free_symbols}))


def _integer(value: int) -> Any:
    from sympy import Integer

    return Integer(value)


def _length(layout: Layout, sizes: Mapping[str, int]) -> int:
    return _value(layout.length, sizes)


def lower(system: System, static: Mapping[Any, int] | None = None) -> Kernel:
    """Compile the right-hand side of a flow, or the step of a map.

    Parameters
    ----------
    system : items may be numbers, ``a[i]`` whose `Idx` carries the range, and matrices, in any mixture.
    static : size letters (or their names) that become literals; short literal ranges are unrolled.

    Returns
    -------
    Kernel : sizes that are not static are read at run time, without a new compilation.

    Raises
    ------
    ValueError : an index without range, a name that is no identifier, a function that cannot be lowered.
    """
    fixed = tuple(sorted((str(letter), value) for letter, value in (static or {}).items()))
    plan = draft_cached(system, fixed)
    digest, module = load(plan.source)
    layouts = plan.state, plan.parameters, plan.sizes
    return Kernel(
        system.id, system.kind, plan.source, digest, *layouts, module.rhs, plan.work, system, fixed, plan.needs
    )
