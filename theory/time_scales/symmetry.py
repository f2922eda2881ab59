"""Symmetries of the mean field, exact for any number of neurons and degrees: images of solutions are solutions."""

from __future__ import annotations

from typing import Any

from sympy import Eq, IndexedBase, S

from ..formula import Standing
from .letters import OURS, a, formula, i, k, phi, s, sigma

image_a, image_s = IndexedBase("a_image"), IndexedBase("s_image")
image_sigma, image_phi = IndexedBase("sigma_image"), IndexedBase("phi_image")
MORE: dict[Any, str] = {
    image_a: "weights of the image of a solution",
    image_s: "overlaps of the image of a solution",
    image_sigma: "coefficients of the activation for which the image is a solution",
    image_phi: "coefficients of the target for which the image is a solution",
}
LATEX = (
    (image_a.label, "a'"),
    (image_s.label, "s'"),
    (image_sigma.label, r"\sigma'"),
    (image_phi.label, r"\varphi'"),
)


def claim(id: str, title: str, statement: Any, change: tuple[Any, Any]) -> Any:
    return formula(id, title, statement, OURS, let=(change,), standing=Standing.OURS, extra=MORE)


FORMULAS = (
    claim(
        "mirrored-activation",
        "activation and second layer with the other sign: the same network",
        Eq(image_a[i], -a[i]),
        (image_sigma[k], -sigma[k]),
    ),
    claim(
        "mirrored-target",
        "the direction of the target reversed: overlaps and odd degrees of the target change sign",
        Eq(image_s[i], -s[i]),
        (image_phi[k], S.NegativeOne**k * phi[k]),
    ),
)
