"""Exact faces, extremal vectors and attractors against counts, brute force and the definition."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from plateaux.numerics.early_alignment.data import assumption_points, forty_points, read_csv, three_points
from plateaux.theory.early_alignment.attractors import attractions, attracts
from plateaux.theory.early_alignment.extremal import Projector, _reaches, extremal_vectors, potential
from plateaux.theory.early_alignment.faces import Arrangement, exact_rows, face_count, faces

SIZES = [(3, 2), (5, 2), (6, 3), (7, 3), (6, 4), pytest.param(8, 4, marks=pytest.mark.slow)]


def draw(seed, n, d, most=99):
    rng = np.random.default_rng(seed)
    X, y = rng.integers(-most, most + 1, (n, d)), rng.integers(1, most + 1, n) * rng.choice((-1, 1), n)
    return X.tolist(), y.tolist()


def by_dimension(found, d):
    return [sum(face.dimension == k for face in found) for k in range(1, d + 1)]


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_face_counts(n, d):
    counts = by_dimension(faces(draw(n + d, n, d)[0]), d)
    assert counts == [face_count(n, d, k) for k in range(1, d + 1)]


@pytest.mark.parametrize(
    ("n", "d", "most"), [(5, 2, 2), (7, 3, 1), (5, 3, 2), pytest.param(6, 4, 1, marks=pytest.mark.slow)]
)
def test_euler_relation_and_feasibility_in_degenerate_position(n, d, most):
    """Small entries: parallel points, and many dependent ones. Each sign vector is checked by a linear program of its own."""
    for seed in range(3):
        X = [row if any(row) else [1] * d for row in draw(seed, n, d, most)[0]]
        found = faces(X)
        rank = np.linalg.matrix_rank(np.array(X))
        # With a lineality space of dimension d - rank all cells shift up by it; the space itself is a face too.
        lineal = d - rank
        counts = [sum(face.dimension - lineal == k for face in found) for k in range(1, rank + 1)]
        assert sum((-1) ** (k - 1) * c for k, c in zip(range(1, rank + 1), counts)) == 1 + (-1) ** (rank - 1)
        known = {face.signs for face in found}
        rng = np.random.default_rng(seed)
        for w in rng.standard_normal((500, d)):
            assert tuple(np.sign(np.array(X) @ w).astype(int)) in known
        if n <= 6 and seed == 0:
            for signs in product((-1, 0, 1), repeat=n):
                A, s = np.array(X, float), np.array(signs)
                pick = s != 0
                lp = linprog(
                    np.zeros(d),
                    A_ub=-(s[:, None] * A)[pick] if pick.any() else None,
                    b_ub=-np.ones(pick.sum()) if pick.any() else None,
                    A_eq=A[~pick] if (~pick).any() else None,
                    b_eq=np.zeros((~pick).sum()) if (~pick).any() else None,
                    bounds=(None, None),
                )
                assert (lp.status == 0) == (signs in known or (not pick.any())), signs


def test_circle_walk_equals_general_recursion():
    """The fast path in the plane against the recursion, with parallel and opposite points."""
    X = [(1, 2), (2, 4), (-1, -2), (3, 1), (0, 1), (0, -5), (1, 0)]
    arrangement = Arrangement(exact_rows(X), 2)
    assert arrangement.covectors(arrangement.all) == frozenset(arrangement._gathered(arrangement.all))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from([(4, 2), (5, 3), (5, 4)]), st.sampled_from([2, 50]))
def test_extremal_by_definition(seed, size, most):
    """D lies in the subdifferential at a w parallel to it: checked by an independent linear program at w itself."""
    n, d = size
    X, y = draw(seed, n, d, most)
    X = [row if any(row) else [1] * d for row in X]
    try:
        G = potential(X, y)
    except ValueError:
        return  # cancelled
    for one in extremal_vectors(G):
        D = np.array([float(v) for v in one.vector])
        w = one.direction
        if not one.kind:
            continue
        products = [sum(a * b for a, b in zip(w, row)) for row in X]
        assert one.pattern == "".join("-0+"[(p > 0) - (p < 0) + 1] for p in products)
        A, labels = np.array(X, float), np.array(y, float)
        base = (labels / n * np.array([p > 0 for p in products])) @ A
        on = [k for k, p in enumerate(products) if p == 0]
        if not on:
            assert np.allclose(base, D)
            continue
        lp = linprog(np.zeros(len(on)), A_eq=(labels[on, None] * A[on] / n).T, b_eq=D - base, bounds=(0, 1))
        assert lp.status == 0
        projected = base - np.linalg.pinv(A[on]) @ (A[on] @ base)
        assert np.allclose(projected, D)


def test_critical_directions_in_the_plane_are_complete():
    """All sign changes of the tangential slope of G on a fine circle are extremal vectors, maxima attract s = 1, minima s = -1."""
    for seed in range(6):
        X, y = draw(seed, 5, 2)
        G = potential(X, y)
        found = attractions(G)
        angles = np.linspace(-np.pi, np.pi, 40001)[:-1]
        w = np.column_stack([np.cos(angles), np.sin(angles)])
        value = np.maximum(w @ np.array(X).T, 0) @ np.array(y) / len(y)
        for s in (1, -1):
            v = s * value
            peak = angles[(v > np.roll(v, 1) + 1e-12) & (v > np.roll(v, -1) + 1e-12)]
            chosen = [one.extremal.direction for one in found if s in one.balanced and one.extremal.kind]
            known = np.array([np.arctan2(float(b), float(a)) for a, b in chosen])
            assert len(peak) == len(known)
            assert all(np.abs(np.angle(np.exp(1j * (known - p)))).min() < 4e-4 for p in peak)


def test_zonotope_test_agrees_with_shares():
    """Where the shares are unique, membership by rays equals shares in [0, 1]."""
    inside = 0
    for seed in range(4):
        G = potential(*draw(seed, 6, 3))
        for face in G.arrangement.faces():
            chosen = tuple(k for k, value in enumerate(face.signs) if not value)
            start = G.on(face.signs)
            D, weights = Projector.of(G, chosen).split(G, start)
            shares = [-weight / G.strengths[k] for weight, k in zip(weights, chosen)]
            expected = all(0 <= share <= 1 for share in shares)
            assert _reaches(G, chosen, tuple(a - b for a, b in zip(start, D))) == expected
            inside += expected and bool(chosen)
    assert inside


def test_attractor_rule_of_labels():
    """General position: s y_k < 0 at all walls of the face, and kind = s or a ray."""
    count = 0
    for seed in range(8):
        d = 2 + seed % 3
        G = potential(*draw(seed, 5 + seed % 2, d))
        for one in extremal_vectors(G):
            if not one.kind:
                continue
            labels = [k for k, value in zip(G.strengths, one.face.signs) if not value]
            for s in (1, -1):
                slides = all(s * k < 0 for k in labels)
                assert attracts(G, one, s) == (slides and (one.kind == s or one.face.dimension == 1))
                assert attracts(G, one, s, dominated=True) == (slides and one.kind == s)
                count += 1
    assert count > 50
    with pytest.raises(ValueError, match="s: 2"):
        attracts(G, one, 2)


def test_three_points_have_one_direction():
    found = attractions(three_points().potential)
    assert [(one.extremal.pattern, one.extremal.kind, one.balanced, one.dominated) for one in found] == [
        ("+++", 1, (1,), (1,)),
        ("---", 0, (-1,), (-1,)),
    ]
    assert found[0].extremal.vector == (Fraction(-31, 120), Fraction(2, 3))
    for seed in (None, 1, 2):
        assert len(extremal_vectors(assumption_points("0.1", seed).potential)) == 2
    middle = assumption_points(0.1)
    assert middle.X.tolist() == [[-0.95, 1.05], [0.0, 1.0], [0.95, 1.05]]
    assert middle.y.tolist() == [1.05, 0.1, 1.05]
    X, y = forty_points().X, forty_points().y
    beta = np.linalg.lstsq(X, y)[0]
    assert abs(((X @ beta - y) ** 2).mean() / 2 - 0.0395157) < 1e-7


def test_shared_hyperplanes_add_up():
    """Equal, parallel and opposite points leave G as it was."""
    X = [(1, 2), (2, 4), (-3, -6), (1, 0), (1, 0)]
    y = (1, -3, 2, 5, -5)
    G = potential(X, y)
    assert len(G.walls) == 1 and G.place[3] is None
    for w in ((1, 1), (-2, 0), (3, -5), (-1, -1)):
        outputs = [a * w[0] + b * w[1] for a, b in X]
        assert G.value(w) == Fraction(sum(label * max(u, 0) for label, u in zip(y, outputs)), 5)
    line = attractions(potential([(1, 1), (2, 2), (-1, -1)], [1, 1, 1]))  # collinear through the origin
    assert {one.extremal.kind for one in line} == {1, 0}


@pytest.mark.parametrize(
    ("points", "labels", "words"),
    [
        ([], [], "points: none"),
        ([(1, 2), (1,)], [1, 1], "point 2: has 1 features"),
        ([(1, 2), (0, 0)], [1, 1], "point 2: all features are zero"),
        ([(1, 2), (float("nan"), 0)], [1, 1], "point 2: nan"),
        ([(1, 2)], [0], "labels: all are zero"),
        ([(1, 2)], [1, 2], "labels: 2 for 1 points"),
        ([(1, 2), (1, 2)], [1, -1], "cancel"),
    ],
)
def test_bad_data(points, labels, words):
    with pytest.raises(ValueError, match=words) as error:
        potential(points, labels)
    assert "\n" not in str(error.value)


def test_csv_is_read_exactly(tmp_path):
    file = tmp_path / "points.csv"
    file.write_text("x1,y,x2\n0.1,1e-1,1/3\n-2,3,0.30\n")
    data = read_csv(file, bias=True)
    assert data.points == ((Fraction(1, 10), Fraction(1, 3), 1), (-2, Fraction(3, 10), 1))
    assert data.labels == (Fraction(1, 10), 3)
    file.write_text("1,2\n3,4\n")
    assert read_csv(file).points == ((1,), (3,)) and read_csv(file, labels="1").labels == (1, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x1,x2,y\n1,2,3\n1,nan,3\n", "row 3, column x2: 'nan'"),
        ("x1,x2,y\n1,,3\n", "row 2, column x2: an empty cell"),
        ("1,2,3\n1,inf,3\n", "row 2, column x2: 'inf'"),
        ("1,2,3\n1,2\n", "row 2: has 2 cells"),
        ("1,1e999999999,3\n", "row 1, column x2"),
        ("0,0,3\n", "row 1: all features are zero"),
        ("1,2,0\n", "labels: all are zero"),
        ("", "is empty"),
        ("x1,y\n", "0 points"),
    ],
)
def test_bad_csv(tmp_path, text, words):
    file = tmp_path / "points.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=words) as error:
        read_csv(file)
    assert "\n" not in str(error.value)
