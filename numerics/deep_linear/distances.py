"""Distances of a start from the nearest global minimum and from the nearest other critical point, for whitened inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from .costs import distinct_values
from .network import Array, Layers, check_layers, flatten, pull_back, unflatten


@dataclass(frozen=True, eq=False)
class Distance:
    """A critical point and its distance from the start.

    Parameters
    ----------
    value : Euclidean distance in all weights.
    weights : the critical point.
    modes : modes of the target it contains, counted from 1.
    exact : no critical point of the kind is nearer (True), or none of the families tried has a nearer one (False).
    """

    value: float
    weights: Layers
    modes: tuple[int, ...]
    exact: bool


class _Constraint:
    """``W_L ... W_1 = target`` linearised at the flat weights y."""

    def __init__(self, y: Array, like: Layers, target: Array) -> None:
        self.like, self.W = like, unflatten(y, like)
        d_out, d_in = target.shape
        before = [np.eye(d_in)]
        for W in self.W:
            before.append(W @ before[-1])
        after = [np.eye(d_out)]
        for W in reversed(self.W[1:]):
            after.append(after[-1] @ W)
        self.before, self.after = before[:-1], after[::-1]
        self.gap = before[-1] - target
        gram = sum(np.kron(B @ B.T, F.T @ F) for F, B in zip(self.before, self.after))
        self.gram = np.asarray(gram)

    def forward(self, v: Array) -> Array:
        """Change of the map."""
        return np.asarray(
            sum(B @ V @ F for B, V, F in zip(self.after, unflatten(v, self.like), self.before, strict=True))
        )

    def back(self, M: Array) -> Array:
        """Adjoint of `forward`."""
        return flatten(pull_back(self.W, M))

    def solve(self, R: Array) -> Array:
        """Multiplier M with ``forward(back(M)) = R``."""
        return np.linalg.solve(self.gram, R.ravel()).reshape(R.shape)

    def tangent(self, v: Array) -> Array:
        """Part of v that does not change the map to first order."""
        return np.asarray(v - self.back(self.solve(self.forward(v))))

    def curvature(self, M: Array) -> Callable[[Array], Array]:
        """Hessian of half the squared distance minus ``<M, map>``, as a product with a vector."""
        G = [M]
        for W in reversed(self.W[1:]):
            G.append(W.T @ G[-1])
        G = G[::-1]

        def times(v: Array) -> Array:
            V = unflatten(v, self.like)
            dF = [np.zeros_like(self.before[0])]
            for W, X, F in zip(self.W[:-1], V[:-1], self.before):
                dF.append(X @ F + W @ dF[-1])
            dG, out = np.zeros_like(M), []
            for place in range(len(V) - 1, -1, -1):
                out.append(V[place] - dG @ self.before[place].T - G[place] @ dF[place].T)
                dG = V[place].T @ G[place] + self.W[place].T @ dG
            return flatten(out[::-1])

        return times


def _restore(y: Array, like: Layers, target: Array, tol: float) -> Array | None:
    """The map brought back to the target by Gauss-Newton steps of smallest norm; None if they do not converge."""
    best = np.inf
    for _ in range(30):
        now = _Constraint(y, like, target)
        size = float(np.linalg.norm(now.gap))
        if size <= tol:
            return y
        if not size < 2 * best or np.linalg.cond(now.gram) > 1e14:
            return None
        best = size
        y = y - now.back(now.solve(now.gap))
    return None


def _newton_direction(now: _Constraint, slope: Array, M: Array, most: int = 400) -> Array:
    """Conjugate gradients in the tangent space; stops at negative curvature."""
    times = now.curvature(M)
    v, r = np.zeros_like(slope), -slope
    p, size = r, float(r @ r)
    # Superlinear, not exact: as accurate as the gradient is small.
    goal = size * min(0.01, np.sqrt(size)) ** 2
    for _ in range(most):
        q = now.tangent(times(p))
        bend = float(p @ q)
        if bend <= 1e-12 * float(p @ p):
            return v if v.any() else p
        v = v + size / bend * p
        r = r - size / bend * q
        new = float(r @ r)
        if new <= goal:
            break
        p, size = r + new / size * p, new
    return v


def _nearest(first: Layers, y: Array, target: Array, tol: float, most: int) -> Array:
    """Local minimum of the distance from the weights ``first`` on the fibre of the target, from the point y on it."""
    y_0, close = flatten(first), 1e-13 * (1 + float(np.linalg.norm(target)))
    slope, step = y, 0
    while step < most:
        step += 1
        now = _Constraint(y, first, target)
        away = y - y_0
        M = now.solve(now.forward(away))
        slope = away - now.back(M)
        value = float(away @ away)
        if np.linalg.norm(slope) <= tol * (1 + np.sqrt(value)):
            return y
        v, scale = _newton_direction(now, slope, M), 1.0
        down = float(v @ slope)
        while scale > 1e-8:
            new = _restore(y + scale * v, first, target, close)
            if new is not None and float((new - y_0) @ (new - y_0)) <= value + 1e-4 * scale * down + 1e-14 * value:
                break
            scale /= 2
        else:
            break
        y = new
    raise RuntimeError(
        f"distance to the global minima: gradient {np.linalg.norm(slope):.2g} after {step} Newton steps, above {tol:.2g}"
    )


def _fit(weights: Sequence[Any], target: Any) -> tuple[Layers, Array]:
    layers, goal = check_layers(weights), np.atleast_2d(np.asarray(target, dtype=float))
    shape = layers[-1].shape[0], layers[0].shape[1]
    if shape != goal.shape or not np.isfinite(goal).all():
        raise ValueError(f"target: has shape {goal.shape}; a finite matrix of shape {shape} is needed")
    if len(layers) < 2:
        raise ValueError("weights: has 1 layer; allowed: at least 2")
    rank, widths = int(np.linalg.matrix_rank(goal)), min(W.shape[0] for W in layers[:-1])
    if rank > widths:
        raise ValueError(f"target: has rank {rank}; allowed: at most the smallest width {widths}")
    return layers, goal


def minimum_distance(
    weights: Sequence[Any], target: Any, *, tol: float = 1e-9, most: int = 100, tries: int = 0
) -> Distance:
    """Nearest global minimum of squared error: ``W_l = W_l^0 + W_{>l}^T M W_{<l}^T`` with a multiplier M of the map's shape.

    Newton steps in the tangent space of the fibre of the target. For a small start the minimum is followed in the size of
    the start, from a size at which the network is lazy and the fixed point a contraction.

    Parameters
    ----------
    weights : the start, at least two layers.
    target : d_out x d_in.
    tol : norm of the tangential gradient of half the squared distance, in units of 1 + distance.
    most : Newton steps per size.
    tries : further searches, from random points (fixed seed): layers as narrow as the map have several local minima.

    Returns
    -------
    Distance : ``exact`` is False: a local minimum of the distance on the branch of the lazy one; no proof that none is nearer.

    Raises
    ------
    ValueError : bad argument; a target of rank above a width.
    RuntimeError : no convergence, with the gradient that is left.
    """
    layers, goal = _fit(weights, target)
    modes = tuple(range(1, int(np.linalg.matrix_rank(goal)) + 1))
    if len(layers) == 2 and layers[0].shape[0] > sum(goal.shape):
        # The distance moves within the span of the columns of (W_1, W_2^T) alone.
        Q = np.linalg.qr(np.hstack([layers[0], layers[1].T]))[0]
        short = minimum_distance((Q.T @ layers[0], layers[1] @ Q), goal, tol=tol, most=most, tries=tries)
        return Distance(short.value, (Q @ short.weights[0], short.weights[1] @ Q.T), modes, False)
    start, close = flatten(layers), 1e-13 * (1 + float(np.linalg.norm(goal)))
    # Size of the start at which its layers are twice as strong as those of the target.
    typical = float(np.mean([np.linalg.norm(W) / np.sqrt(min(W.shape)) for W in layers]))
    if typical == 0:
        raise ValueError("weights: all are 0; the nearest global minimum is not unique")
    strong = 2 * float(np.linalg.norm(goal, 2)) ** (1 / len(layers)) / typical
    size = max(1.0, strong)
    y = None
    while y is None and size < 1e8:
        y = _restore(size * start, layers, goal, close)
        size = size if y is not None else 2 * size
    if y is None:
        raise RuntimeError(
            "distance to the global minima: no point on the fibre of the target was reached from the start"
        )
    while True:
        last = size == 1.0
        y = _nearest(unflatten(size * start, layers), y, goal, tol if last else max(tol, 1e-4), most)
        if last:
            break
        size = max(1.0, size / 1.6)
    rng = np.random.default_rng(0)
    scale = float(np.linalg.norm(y - start)) / np.sqrt(y.size)
    for _ in range(tries):
        other = _restore(start + scale * rng.standard_normal(y.size), layers, goal, close)
        if other is not None:
            try:
                other = _nearest(layers, other, goal, tol, most)
            except RuntimeError:
                continue  # one search of several; the first has converged
            if np.linalg.norm(other - start) < np.linalg.norm(y - start):
                y = other
    return Distance(float(np.linalg.norm(y - start)), tuple(W.copy() for W in unflatten(y, layers)), modes, False)


def _annihilate(W: Array, B: Array) -> tuple[float, Array, Array]:
    """Nearest pair with ``W^T B = 0``: squared distance, W, B.

    For B in the span of an orthonormal Q the nearest W loses ``Q Q^T W``: the cost is ``|B|^2 + tr Q^T (W W^T - B B^T) Q``,
    least on the eigenvectors of negative eigenvalues.
    """
    values, vectors = np.linalg.eigh(W @ W.T - B @ B.T)
    Q = vectors[:, values < 0]
    return float(np.sum(B**2) + values[values < 0].sum()), W - Q @ (Q.T @ W), Q @ (Q.T @ B)


def saddle_distance(weights: Sequence[Any], target: Any, *, tol: float = 1e-9, most: int = 100) -> Distance:
    """Nearest critical point of squared error that is no global minimum.

    Parameters
    ----------
    weights, tol, most : as in `minimum_distance`.
    target : distinct singular values.

    Returns
    -------
    Distance : exact for a scalar map of three layers; for two layers as exact as `minimum_distance`, which refits the modes
        that are kept. Otherwise the best of these families, an upper bound (``exact`` is False): modes outside S are cut from
        the first and the last layer, the others refitted; or one end is 0 and the other two layers at the far end annihilate
        each other (three layers or more).

    Raises
    ------
    ValueError : bad argument; a target that is 0, or with equal singular values.
    RuntimeError : no convergence for any of the mode sets.
    """
    layers, goal = _fit(weights, target)
    goals = distinct_values(goal)
    if not goals.size:
        raise ValueError("target: is 0; every critical point of two layers is then a global minimum")
    U, _, Vt = np.linalg.svd(goal)
    first, last = layers[0], layers[-1]
    found: list[tuple[float, Layers, tuple[int, ...]]] = []
    if len(layers) >= 3:
        cost, W, B = _annihilate(layers[-2], last.T)
        found.append((float(np.sum(first**2)) + cost, (0 * first, *layers[1:-2], W, B.T), ()))
        cost, W, B = _annihilate(layers[1].T, first)
        found.append((float(np.sum(last**2)) + cost, (B, W.T, *layers[2:-1], 0 * last), ()))
    everything = tuple(range(goals.size))
    for size in range(goals.size):
        for kept in combinations(everything, size):
            out = [i for i in everything if i not in kept]
            rows, columns = np.delete(U, out, axis=1), np.delete(Vt, out, axis=0)
            cost = float(np.sum((first @ Vt[out].T) ** 2) + np.sum((U[:, out].T @ last) ** 2))
            if found and cost >= min(one[0] for one in found):
                continue  # refitting the others only adds to it
            cut: Layers = (first @ columns.T, *layers[1:-1], rows.T @ last)
            part = rows.T @ goal @ columns.T
            if part.size and (kept or len(layers) == 2):
                near = minimum_distance(cut, part, tol=tol, most=most)
                cost, cut = cost + near.value**2, near.weights
            elif part.size:
                # Nothing is kept beside modes of value 0: the first layer is put to 0 there as well.
                cost, cut = cost + float(np.sum(cut[0] ** 2)), (0 * cut[0], *cut[1:])
            found.append((cost, (cut[0] @ columns, *cut[1:-1], rows @ cut[-1]), tuple(k + 1 for k in kept)))
    cost, point, modes = min(found, key=lambda one: one[0])
    exact = len(layers) == 2 or (len(layers) == 3 and goal.shape == (1, 1))
    return Distance(float(np.sqrt(max(cost, 0.0))), point, modes, exact)
