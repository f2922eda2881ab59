"""Event-driven early phase against brute gradient descent, closed formulas and the exact attractors."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from plateaux.numerics.early_alignment.data import three_points
from plateaux.numerics.early_alignment.early import (
    alignment_time,
    early_phase,
    longest_drive,
    neuron_events,
)
from plateaux.theory.early_alignment.attractors import attractions
from plateaux.theory.early_alignment.extremal import potential


def draw(seed, n, d):
    rng = np.random.default_rng(seed)
    return rng.integers(-99, 100, (n, d)), rng.integers(1, 100, n) * rng.choice((-1, 1), n)


def descend(X, y, w, a, steps, eta):
    """Brute force: one neuron, outputs neglected, relu'(0) = 0; steps at which a point switches, and the end."""
    w, a, n, seen = np.array(w, float), float(a), len(y), []
    active = X @ w > 0
    for step in range(steps):
        D = (active * y) @ X / n
        w, a = w + eta * a * D, a + eta * float(w @ D)
        now = X @ w > 0
        seen += [(eta * (step + 1), int(k)) for k in np.flatnonzero(now != active)]
        active = now
    return seen, w, a


def test_event_times_against_brute_descent():
    data = three_points()
    w, a, eta = np.array([np.cos(-0.1), np.sin(-0.1)]), 1.0, 1e-4  # only the third point is active
    seen, last, a_last = descend(data.X, data.y, w, a, 40000, eta)
    events = neuron_events(data.potential, w, a, 4.0)
    assert len(events) == len(seen) >= 2
    for event, (time, k) in zip(events, seen):
        assert event.points == (k,) and event.kind == "crosses"
        assert abs(event.time - time) < 3 * eta
    phase = early_phase(data.potential, w[None], np.array([a]), 4.0)
    assert np.abs(phase.direction[0] - last / np.linalg.norm(last)).max() < 1e-3
    assert abs(phase.log_a[0] - np.log(a_last)) < 1e-3


@pytest.mark.parametrize("dominance", [1.0, 1.3])
@pytest.mark.parametrize("d", [2, 3])
def test_flow_with_sliding_against_brute_descent(d, dominance):
    """Directions and norms after sliding: descent chatters across the wall, at a distance of a step."""
    slid, eta, end = 0, 5e-5, 1.0
    for seed in range(4):
        X, y = draw(seed, 4, d)
        X, y = X / 50, y / 50
        G = potential(X.tolist(), y.tolist())
        rng = np.random.default_rng(seed)
        w = rng.standard_normal(d)
        a = dominance * np.linalg.norm(w) * rng.choice((-1.0, 1.0))
        slid += any(event.kind == "slides" for event in neuron_events(G, w, a, end))
        _, last, a_last = descend(X, y, w, a, int(end / eta), eta)
        phase = early_phase(G, w[None], np.array([a]), end)
        assert np.abs(phase.direction[0] * phase.ratio[0] - last / abs(a_last)).max() < 1e-3
        assert abs(phase.log_a[0] - np.log(abs(a_last))) < 1e-3
    assert slid or d == 2


def test_bounded_least_squares_against_scipy():
    from plateaux.numerics.early_alignment.early_steps import settle

    rng = np.random.default_rng(0)
    for _ in range(60):
        d = int(rng.integers(2, 5))
        n = int(rng.integers(1, d + 3))
        g, start = rng.standard_normal((n, d)), rng.standard_normal(d)
        share, D = np.zeros(n), np.zeros(d)
        settle(start, g, np.ones(n, bool), share, D, 10.0)
        exact = lsq_linear(g.T, -start, (0, 1), tol=1e-14, method="bvls")
        assert ((share >= 0) & (share <= 1)).all()
        assert np.abs(D - (start + exact.x @ g)).max() < 1e-9


def test_angle_at_tau_has_its_constant_down_to_1e_minus_30():
    """Angle = C scale^{eps |D|/|D_max|}, with C from the entry into the last cone, for any scale."""
    G = three_points().potential
    w = np.random.default_rng(0).standard_normal((2000, 2))
    a = np.linalg.norm(w, axis=1)
    D = np.linalg.norm([-31 / 120, 2 / 3])
    assert abs(longest_drive(G) - D) < 1e-15
    for log_scale in np.log([1e-6, 1e-30, 1e-200]):
        tau = alignment_time(G, 0.5, log_scale)
        phase = early_phase(G, w, a, tau, log_scale=log_scale)
        live = phase.ending == "aligned"
        assert phase.entry_time[live].max() < 3.0585  # bound on all directions
        C = phase.angle[live] / np.exp(0.5 * log_scale)
        assert np.allclose(
            C, phase.constant[live], rtol=13.5**2 * np.exp(log_scale) + 1e-12, atol=0
        )  # next order; rounding of the exponent
        assert C.max() < 13.4933
        assert (phase.ending[~live] == "rest").all() and (phase.log_a[live] < 0.4 * log_scale).all()
    dead = (three_points().X @ w[~live].T <= 0).all(axis=0)
    assert dead.all()


def test_invariant_and_negative_neurons_die():
    G = three_points().potential
    w = np.random.default_rng(1).standard_normal((500, 2))
    norm = np.linalg.norm(w, axis=1)
    phase = early_phase(G, w, -norm, 3.0)
    assert np.allclose(phase.ratio, 1, atol=1e-12)
    limit = early_phase(G, w, -1.2 * norm)
    assert (limit.ending == "rest").all()
    assert (three_points().X @ limit.direction.T < 1e-9).all()
    phase = early_phase(G, w, 1.2 * norm, 2.0)  # a^2 - |w|^2 is conserved
    left = np.exp(2 * phase.log_a) * (1 - phase.ratio**2)
    assert np.allclose(left, 0.44 * norm**2, rtol=1e-9)


def limits(G, s, dominance, count, seed):
    """Numbers of the extremal vectors that random starts reach, and whether some end at D = 0 or at w = 0."""
    found = attractions(G)
    w = np.random.default_rng(seed).standard_normal((count, G.d))
    phase = early_phase(G, w, s * dominance * np.linalg.norm(w, axis=1))
    vectors = np.array([[float(v) for v in one.extremal.direction] for one in found])
    norms = np.linalg.norm(vectors, axis=1)
    moving = np.isin(phase.ending, ("aligned", "shrinking"))
    apart = np.linalg.norm(vectors / np.where(norms, norms, 1)[:, None] - phase.direction[moving][:, None], axis=2)
    apart[:, norms == 0] = np.inf
    if moving.any():
        assert apart.min(axis=1).max() < 1e-7, "a limit is not an extremal vector"
    reached = set(apart.argmin(axis=1).tolist())
    chosen = "balanced" if dominance == 1 else "dominated"
    expected = {i for i, one in enumerate(found) if s in getattr(one, chosen)}
    flat = {i for i, one in enumerate(found) if not one.extremal.kind}
    rest = (phase.ending == "rest").any()
    assert rest or not expected & flat  # an attracting flat set is found
    assert flat or not rest  # D = 0 only where there is such a face
    zero = (phase.ending == "zero").any()
    if zero:  # stays at w = 0 only if s G is nowhere positive
        x = np.random.default_rng(0).standard_normal((2000, G.d))
        assert all(s * float(G.value(v)) <= 0 for v in x)
        assert dominance > 1
    return reached, expected - flat


@pytest.mark.parametrize("dominance", [1.0, 1.3])
def test_limits_are_the_predicted_attractors(dominance):
    for seed in (0, 1, 2, 3):
        X, y = draw(seed, 5 + seed % 2, 2 + seed % 3)
        G = potential(X.tolist(), y.tolist())
        for s in (1, -1):
            reached, expected = limits(G, s, dominance, 800, seed)
            assert reached == expected, (seed, s)


@pytest.mark.slow
@pytest.mark.parametrize("dominance", [1.0, 1.3])
def test_limits_are_the_predicted_attractors_often(dominance):
    for seed in range(17):
        X, y = draw(100 + seed, 5 + seed % 4, 2 + seed % 3)
        G = potential(X.tolist(), y.tolist())
        for s in (1, -1):
            reached, expected = limits(G, s, dominance, 6000, seed)
            assert reached == expected, (seed, s)


def test_opposite_points_share_a_wall():
    """x and -x: one hyperplane, of strength y_1 + y_2; a repelling sum is crossed although one part attracts."""
    X, y = [(1, 0), (-1, 0), (0, 1)], (3, -1, 1)
    G = potential(X, y)
    w = np.array([[-0.3, 1.0], [0.4, -0.2]])
    for start in w:
        a = float(np.linalg.norm(start))
        _, last, a_last = descend(np.array(X, float), np.array(y, float), start, a, 20000, 5e-5)
        phase = early_phase(G, start[None], np.array([a]), 1.0)
        assert np.abs(phase.direction[0] * phase.ratio[0] - last / a_last).max() < 1e-3


def test_bad_input():
    G = three_points().potential
    w = np.array([[1.0, 0.0], [0.0, 1.0]])
    for args, words in (
        ((w, np.array([1.0, 0.5])), "a: neuron 1 .*>= "),
        ((w, np.array([1.0, 0.0])), "a: neuron 1"),
        ((w * 0, np.array([1.0, 1.0])), "w: neuron 0"),
        ((w, np.array([1.0, np.nan])), "a: neuron 1"),
        ((w[:, :1], np.array([1.0, 1.0])), "w: has shape"),
        ((w, np.array([1.0, 1.0]), -1.0), "time: -1"),
    ):
        with pytest.raises(ValueError, match=words):
            early_phase(G, *args)
    with pytest.raises(ValueError, match="eps"):
        alignment_time(G, 1.5, -3.0)
    with pytest.raises(ValueError, match="log_scale"):
        alignment_time(G, 0.5, 3.0)


def test_negative_neurons_left_in_the_full_cone():
    """Their fraction has a closed form: 1/pi sum of arctan(scale^eps tan(phi/2)), phi the distances of D from the walls."""
    data, turns = three_points(), 100_000
    G = data.potential
    angles = 2 * np.pi * (np.arange(turns) + 0.5) / turns
    w = np.column_stack([np.cos(angles), np.sin(angles)])
    middle = np.arctan2(2 / 3, -31 / 120)
    walls = np.array([np.arctan2(1, -0.75) - np.pi / 2, np.arctan2(1, 0.125) + np.pi / 2])
    for scale in (1e-2, 1e-4):
        phase = early_phase(G, w, -np.ones(turns), alignment_time(G, 0.5, np.log(scale)))
        left = (data.X @ phase.direction.T > 0).all(axis=0).mean()
        exact = np.arctan(scale**0.5 * np.tan(np.abs(walls - middle) / 2)).sum() / np.pi
        assert abs(left - exact) <= 2 / turns  # a grid point at either end
