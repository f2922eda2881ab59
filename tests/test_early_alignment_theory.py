"""The paper `early-alignment`: every derivation holds, planted errors turn it red, and formulas agree with the simulator."""

from __future__ import annotations

import numpy as np
import pytest
from paper_checks import PaperChecks

from plateaux.derivations.early_alignment import PAPER
from plateaux.numerics.early_alignment.data import three_points
from plateaux.numerics.early_alignment.early import alignment_time, early_phase, longest_drive
from plateaux.theory.early_alignment import rates, spurious, width
from plateaux.theory.early_alignment.extremal import potential
from plateaux.theory.early_alignment.letters import delta, lam, n, p


class TestEarlyAlignment(PaperChecks):
    paper = PAPER
    cited = frozenset({"early-alignment.theorem", "early-alignment.spurious-theorem"})
    scopes = {  # noqa: RUF012
        "early-alignment.network": "d = 2, n = 3, m = 1",
        "early-alignment.step-determinant": "d = 1, 2, 3",
    }
    equivalent = {  # noqa: RUF012
        # the determinant is even in M: the Minkowski form turns M into -M
        "early-alignment.step-determinant": {"sign of eta*M"},
    }
    few = 1
    late = frozenset({"early-alignment.network"})
    heavy = frozenset(one.of for one in PAPER.derivations if one.of.startswith("early-alignment.assumption-")) | {
        f"early-alignment.{name}"
        for name in (
            "boost",
            "step-lorentz",
            "step-inverse",
            "step-power",
            "cone-weights",
            "exit-time",
            "exit-time-grazing",
            "alignment-constant",
            "alignment-rate",
            "residual-2",
            "residual-3",
            "spurious-loss",
            "full-cone-moments",
            "plateau-descent",
            "escape-time-mass",
        )
    }


def at(id: str, table: dict[object, float]) -> float:
    """A formula of the paper as a number."""
    one = next(f for f in PAPER.formulas if f.id == f"early-alignment.{id}")
    return float(one.value.subs(table))


def circle(m: int) -> np.ndarray:
    """Unit vectors in the plane, m x 2, evenly spaced."""
    turn = 2 * np.pi * (np.arange(m) + 0.5) / m
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


@pytest.mark.parametrize("scale", [1e-2, 1e-4, 1e-6])
def test_fraction_of_negative_neurons_still_in_the_full_cone(scale: float) -> None:
    data, eps, m = three_points(), 0.5, 8000
    drive = data.y @ data.X / len(data.y)
    directions = circle(m)
    time = alignment_time(data.potential, eps, np.log(scale))
    found = early_phase(data.potential, directions, -np.ones(m), time)
    inside = np.mean((found.direction @ data.X.T > 0).all(axis=1))
    walls = np.arcsin((data.X @ drive) / np.linalg.norm(data.X, axis=1) / np.linalg.norm(drive))
    sides = np.sign(drive[0] * data.X[:, 1] - drive[1] * data.X[:, 0])
    table = {lam: scale, rates.eps: eps, delta: np.linalg.norm(drive), rates.delta_max: longest_drive(data.potential)}
    table |= {rates.phi_1: walls[sides > 0].min(), rates.phi_2: walls[sides < 0].min()}
    assert abs(inside - at("cone-fraction", table)) <= 2 / m  # each end of the arc may cut a cell
    assert at("cone-fraction-leading", table) == pytest.approx(at("cone-fraction", table), rel=20 * scale)


def draw(seed: int, points: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(-99, 100, (points, d)) / 50, rng.integers(1, 100, points) * rng.choice((-1, 1), points) / 50


@pytest.mark.parametrize("dominance", [1.0, 1.3])
def test_constants_of_the_rate(dominance: float) -> None:
    """What a neuron has when it enters its last cone gives the constant; long afterwards the angle shows it."""
    checked = shorter = 0
    for seed in range(4):
        X, y = draw(seed, 5, 3)
        G = potential(X.tolist(), y.tolist())
        rng = np.random.default_rng(seed)
        w = rng.standard_normal((40, 3))
        a = dominance * np.linalg.norm(w, axis=1) * rng.choice((-1, 1), 40)
        end, top = early_phase(G, w, a), longest_drive(G)
        for j in np.flatnonzero((end.ending == "aligned") & (end.constant > 0)):
            drive, time = np.linalg.norm(end.D[j]), end.entry_time[j]
            if (X @ end.direction[j] == 0).any() or (np.abs(X @ end.D[j]) < 1e-9).any():
                continue  # on a face: not the last cone of the formula
            entry = early_phase(G, w[j : j + 1], a[j : j + 1], time)
            size = np.exp(entry.log_a[0])
            along = np.sign(a[j]) * size * entry.ratio[0] * entry.direction[0] @ end.D[j] / drive
            part = np.sqrt((size * entry.ratio[0]) ** 2 - along**2)
            table = {p: part, rates.a_in: size, rates.c_in: along, delta: drive, rates.t_in: time}
            known = at("alignment-constant-dominated", table)
            assert end.constant[j] == pytest.approx(known, rel=1e-6)
            if dominance == 1.0:
                table = {rates.theta_in: np.arccos(along / size), delta: drive, rates.t_in: time}
                assert known == pytest.approx(at("alignment-constant", table), rel=1e-6)
            log_scale, eps = -400.0, 0.8
            tau = alignment_time(G, eps, log_scale)
            late = early_phase(G, w[j : j + 1], a[j : j + 1], tau, log_scale=log_scale)
            claim = np.log(known) + log_scale * eps * drive / top
            assert np.log(late.angle[0]) == pytest.approx(claim, abs=1e-6)
            checked, shorter = checked + 1, shorter + (drive < 0.9 * top)
    assert checked > 20 and shorter > 5


def test_bounds_of_the_entry_time_and_of_the_constant() -> None:
    data, m = three_points(), 4000
    found = early_phase(data.potential, circle(m), np.ones(m))
    alive = found.ending == "aligned"
    products = data.y[:, None] * (data.X @ data.X.T) / len(data.y)
    drive = np.linalg.norm(data.y @ data.X / len(data.y))
    latest = float(np.linalg.norm(data.X, axis=1).max() / products.min())
    table = {width.start_depth: np.linalg.norm(data.X, axis=1).max(), width.pull_min: products.min()}
    one = next(f for f in PAPER.formulas if f.id == "early-alignment.entry-time")
    assert float(one.let[0][1].subs(table)) == pytest.approx(latest)
    assert 3 < found.entry_time[alive].max() < 3.0581 < latest
    assert 13 < found.constant[alive].max() < 13.4934 < 2 * np.exp(drive * latest)


def test_least_squares_of_three_points() -> None:
    data = three_points()
    names = (*spurious.b, *spurious.g, *spurious.labels)
    table = dict(zip(names, (*data.X[:, 0], *data.X[:, 1], *data.y)))
    beta = np.linalg.lstsq(data.X, data.y, rcond=None)[0]
    left = data.y - data.X @ beta
    for k in (1, 2, 3):
        assert at(f"residual-{k}", table) == pytest.approx(left[k - 1], rel=1e-12)
    assert at("spurious-loss", table) == pytest.approx(left @ left / 6, rel=1e-12)
    assert at("spurious-loss-three", {}) == pytest.approx(left @ left / 6, rel=1e-12)
    drive = left[0] * data.X[0] / 3
    off = data.X[1] / np.linalg.norm(data.X[1])
    table = {spurious.up_1: left[0], spurious.size_1: data.X[0] @ data.X[0], spurious.size: data.X[1] @ data.X[1]}
    table |= {spurious.g_12: data.X[0] @ data.X[1], n: 3}
    assert at("trap-rate", table) == pytest.approx(np.linalg.norm(drive - drive @ off * off), rel=1e-12)
