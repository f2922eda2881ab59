"""Images and their classification: readers and refusals, gradients by differences, calibration, diagnostics."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from plateaux.numerics.parameterizations import functions
from plateaux.numerics.parameterizations.classify import (
    LAST,
    Classifier,
    classify,
    cross_entropy,
    error,
    stable_rank,
    start,
    step,
)
from plateaux.numerics.parameterizations.dense import powers, single_gelu
from plateaux.numerics.parameterizations.images import (
    CIFAR,
    CIFAR_ROW,
    MNIST,
    Images,
    digits,
    from_folder,
    standardised,
)
from plateaux.numerics.parameterizations.squares import fit
from plateaux.theory.parameterizations.scalings import named

RNG = np.random.default_rng
COUNT = 5


def idx_bytes(array: np.ndarray) -> bytes:
    """An IDX file of bytes."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


def mnist(folder: Path, packed: bool = False) -> list[np.ndarray]:
    rng = RNG(0)
    arrays = [
        rng.integers(256, size=(COUNT, 3, 4)),
        np.arange(COUNT),
        rng.integers(256, size=(2, 3, 4)),
        np.array([1, 0]),
    ]
    for name, array in zip(MNIST, arrays):
        raw = idx_bytes(array)
        (folder / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(raw) if packed else raw)
    return arrays


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_is_read(tmp_path: Path, packed: bool) -> None:
    pixels, labels, other, _ = mnist(tmp_path, packed)
    found = from_folder(tmp_path)
    expected = standardised(
        "MNIST", pixels.reshape(COUNT, 12).astype(float), labels, other.reshape(2, 12).astype(float), labels[:2]
    )
    np.testing.assert_allclose(found.train, expected.train)
    np.testing.assert_allclose(found.test, expected.test)
    np.testing.assert_array_equal(found.train_labels, labels)
    np.testing.assert_array_equal(found.test_labels, [1, 0])
    assert found.classes == COUNT


def test_cifar_is_read(tmp_path: Path) -> None:
    rng = RNG(1)
    rows = [rng.integers(10, size=(3, CIFAR_ROW)).astype(np.uint8) for _ in CIFAR]
    for name, array in zip(CIFAR, rows):
        (tmp_path / name).write_bytes(array.tobytes())
    found = from_folder(tmp_path)
    assert found.train.shape == (15, 3072)
    assert found.test.shape == (3, 3072)
    np.testing.assert_array_equal(found.test_labels, rows[-1][:, 0])
    np.testing.assert_allclose(found.train.mean(axis=0), 0, atol=1e-12)


def spoil(folder: Path, name: str, raw: bytes | None) -> None:
    mnist(folder)
    (folder / name).unlink()
    if raw is not None:
        (folder / name).write_bytes(raw)


BROKEN = {
    "missing": (MNIST[2], None, f"has no {MNIST[2]}"),
    "empty": (MNIST[1], b"", "is no IDX file"),
    "magic": (MNIST[0], b"\x01" + idx_bytes(np.zeros((1, 2, 2)))[1:], "is no IDX file"),
    "floats": (MNIST[0], b"\0\0\x0d\x03" + bytes(12), "is no IDX file"),
    "cut": (MNIST[0], idx_bytes(np.zeros((2, 2, 2)))[:-1], "does not fit its shape (2, 2, 2)"),
    "more labels": (MNIST[1], idx_bytes(np.zeros(COUNT + 1)), f"{COUNT + 1} labels of {COUNT} images"),
    "labels of images": (MNIST[1], idx_bytes(np.zeros((COUNT, 2, 2))), "labels"),
    "no images": (MNIST[0], idx_bytes(np.zeros((0, 2, 2))), "no images"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_files_are_refused(tmp_path: Path, what: str) -> None:
    name, raw, words = BROKEN[what]
    spoil(tmp_path, name, raw)
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        from_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds neither"):
        from_folder(tmp_path)
    with pytest.raises(ValueError, match="is no folder"):
        from_folder(tmp_path / "nowhere")
    (tmp_path / CIFAR[0]).write_bytes(bytes(CIFAR_ROW + 1))
    with pytest.raises(ValueError, match=f"rows of {CIFAR_ROW}"):
        from_folder(tmp_path)
    (tmp_path / f"{MNIST[0]}.gz").write_bytes(b"not packed")
    with pytest.raises(ValueError, match=r"has no|cannot be read"):
        from_folder(tmp_path)


def test_digits_are_split_and_scaled() -> None:
    one, other = digits(1), digits(2)
    assert one.train.shape == (1437, 64)
    assert one.test.shape == (360, 64)
    assert one.classes == 10
    assert not np.array_equal(one.test_labels, other.test_labels)
    spread = one.train.std(axis=0)
    np.testing.assert_allclose(spread[spread > 0], 1)


TINY = Images(
    "tiny", RNG(2).standard_normal((40, 6)), np.arange(40) % 3, RNG(3).standard_normal((12, 6)), np.arange(12) % 3
)


@pytest.mark.parametrize("point", ["ip", "mup", "ntk", "ip-mean", "ip-llr-bias"])
@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh", "elu"])
def test_a_step_is_the_gradient(point: str, activation: str) -> None:
    """Every layer moves by its rate times the slope of the mean cross-entropy, found by differences in float64."""
    one = Classifier(point, 2, 5, activation, rate=0.3, batch=4, calibrate=False, single=False)
    net = start(one, 6, 3, RNG(4))
    x, labels = np.vstack([TINY.train[:4].T, np.ones(4)]), TINY.train_labels[:4]
    scales, shift = powers(one.scaling, one.width, 1), 1e-6
    before = [W.copy() for W in net.W], [b.copy() for b in net.b]
    slopes: list[list[np.ndarray]] = [[], []]
    for group, arrays in enumerate((net.W, net.b)):
        for array in arrays:
            slope = np.zeros_like(array)
            for place in np.ndindex(array.shape):
                sides = []
                for sign in (1, -2, 1):
                    array[place] += sign * shift
                    sides.append(cross_entropy(net.forward(x)[1][-1], labels))
                slope[place] = (sides[0] - sides[1]) / (2 * shift)
            slopes[group].append(slope)
    step(net, one, x, labels, scales, False)
    for arrays, old, group, factors in zip((net.W, net.b), before, slopes, scales):
        for after, earlier, slope, factor in zip(arrays, old, group, factors):
            np.testing.assert_allclose(after - earlier, -0.3 * factor * slope, rtol=1e-4, atol=1e-9 * max(factor, 1))


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_calibration_moves_every_layer_by_size_one(activation: str) -> None:
    one = Classifier("ip-llr", 3, 40, activation, batch=16, cap=1e9, single=False)
    net = start(one, 6, 3, RNG(5))
    x, labels = np.vstack([TINY.train[:16].T, np.ones(16)]), TINY.train_labels[:16]
    before = [W.copy() for W in net.W]
    rates = step(net, one, x, labels, powers(one.scaling, 40, 0), True)
    moved = x
    for l, (W, old) in enumerate(zip(net.W, before)):
        assert np.abs((W - old) @ moved).mean() == pytest.approx(LAST if l == one.L else 1.0, rel=1e-9)
        moved = net.phi(W @ moved)
    capped = start(one, 6, 3, RNG(5))
    limit = min(rates) / 2
    small = Classifier("ip-llr", 3, 40, activation, batch=16, cap=limit, single=False)
    assert step(capped, small, x, labels, powers(one.scaling, 40, 0), True) == [limit] * 4


def test_error_is_the_slope_of_the_cross_entropy_and_survives_large_outputs() -> None:
    output, labels = RNG(6).standard_normal((3, 5)), np.arange(5) % 3
    for place in np.ndindex(output.shape):
        sides = []
        for sign in (1, -1):
            moved = output.copy()
            moved[place] += sign * 1e-6
            sides.append(cross_entropy(moved, labels))
        assert error(output, labels)[place] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-9)
    large = np.array([[3e4, 0.0], [0.0, 3e4]], np.float32)
    assert np.isfinite(error(large, np.array([0, 1]))).all()
    assert cross_entropy(large, np.array([1, 0])) == pytest.approx(3e4)
    assert cross_entropy(np.zeros((10, 2)), np.array([0, 1])) == pytest.approx(np.log(10))


def test_single_gelu_agrees_to_rounding() -> None:
    z = np.linspace(-12, 12, 4001, dtype=np.float32)
    phi, slope, _ = functions("gelu")
    value, derivative = single_gelu(z)
    assert value.dtype == derivative.dtype == np.float32
    np.testing.assert_allclose(value, phi(z.astype(float)), rtol=1e-6, atol=4e-7)
    np.testing.assert_allclose(derivative, slope(z.astype(float)), rtol=1e-6, atol=4e-7)


def test_stable_rank() -> None:
    assert stable_rank(np.outer([1.0, 2], [3, 4, 5])) == pytest.approx(1)
    assert stable_rank(np.eye(4)) == pytest.approx(4)
    values = np.array([3.0, 2.0, 1.0])
    left, right = (np.linalg.qr(RNG(seed).standard_normal((n, 3)))[0] for seed, n in ((7, 5), (8, 9)))
    assert stable_rank(1e30 * (left * values) @ right.T) == pytest.approx(14 / 9)
    assert np.isnan(stable_rank(np.zeros((2, 2))))
    assert np.isnan(stable_rank(np.array([[np.inf, 1]])))


def test_a_run_is_reproducible_and_says_what_it_was() -> None:
    one = Classifier("mup", 2, 12, steps=10, batch=8, seed=3)
    first, again = (classify(one, TINY, 4) for _ in range(2))
    for name in ("loss", "accuracy", "classes", "stable ranks"):
        np.testing.assert_array_equal(first[name], again[name])
    assert first["stable ranks"].shape == (4, 3)
    assert first["step"].tolist()[0] == 0
    assert first["step"].tolist()[-1] == 10
    assert first.made_by.seed == 3
    assert dict(first.made_by.detail)["first rates"] == [0.1] * 3


def test_a_run_that_breaks_down_keeps_nan() -> None:
    found = classify(Classifier("ntk", 3, 12, "relu", steps=60, batch=8, rate=1e12), TINY, 6)
    assert np.isfinite(found["loss"][0])
    for name in ("loss", "accuracy", "classes", "stable ranks"):
        assert np.isnan(found[name][-1]).all()


def test_proportional_preactivations_have_one_largest_logit() -> None:
    """Why ReLU collapses: from stable rank one on, positive homogeneity keeps all images on one ray."""
    one = Classifier("mup", 4, 30, "relu", single=False)
    net = start(one, 6, 3, RNG(9))
    ray = np.abs(RNG(10).standard_normal((1, 50))) + 0.1
    hs = net.forward(RNG(11).standard_normal((7, 1)) @ ray)[1]
    assert all(stable_rank(h) == pytest.approx(1) for h in hs)
    assert len(np.unique(hs[-1].argmax(axis=0))) == 1


BAD = [
    ({"point": "sp"}, "point: 'sp'"),
    ({"L": 0}, "L: 0"),
    ({"width": 1}, "width: 1"),
    ({"width": 2.5}, "width: 2.5"),
    ({"steps": 0}, "steps: 0"),
    ({"batch": True}, "batch: True"),
    ({"seed": -1}, "seed: -1"),
    ({"rate": 0.0}, "rate: 0.0"),
    ({"rate": float("nan")}, "rate: nan"),
    ({"cap": -1.0}, "cap: -1.0"),
    ({"activation": "swish"}, "activation: 'swish'"),
]


@pytest.mark.parametrize(("more", "words"), BAD)
def test_bad_settings_are_one_line(more: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        Classifier(**({"point": "ip"} | more))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


FITS = [
    ({"until": 1.0}, "until: 1.0"),
    ({"eta": 0.0}, "eta: 0.0"),
    ({"alpha": -1.0}, "alpha: -1.0"),
    ({"eta": 1e3}, "diverged"),
    ({"most": 1}, "most: 1 steps"),
]


@pytest.mark.parametrize(("more", "words"), FITS)
def test_a_fit_that_cannot_end_is_refused(more: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        fit(named("ip", 2), 20, RNG(0), **more)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [101, 102, 103])
def test_digits_on_fresh_seeds(seed: int) -> None:
    """IP is flat, IP-LLR and muP learn, weights with a mean hardly: four hidden layers of width 256, GELU."""
    images = digits(seed)
    last = {point: classify(Classifier(point, seed=seed), images, 6) for point in ("ip", "ip-llr", "mup", "ip-mean")}
    assert np.abs(last["ip"]["loss"] - np.log(10)).max() < 2 * 256**-2
    assert last["ip-llr"]["accuracy"][-1] > 0.9
    assert last["mup"]["accuracy"][-1] > 0.9
    assert last["ip-mean"]["loss"][-1] > np.log(10) / 2
