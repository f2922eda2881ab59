"""Images to classify: scikit-learn's digits, and MNIST or CIFAR-10 from files that a user has."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MNIST = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
CIFAR = (*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin")
CIFAR_ROW = 1 + 3 * 32 * 32


@dataclass(frozen=True, eq=False)
class Images:
    """Images and their classes, for training and for the test.

    Parameters
    ----------
    name : where they come from.
    train, test : samples x pixels; every pixel has mean zero and variance one over the training samples (constant ones are zero).
    train_labels, test_labels : classes 0, 1, ..., one for each sample.
    """

    name: str
    train: Array
    train_labels: Array
    test: Array
    test_labels: Array

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.train_labels.max()) + 1


def standardised(name: str, train: Array, train_labels: Array, test: Array, test_labels: Array) -> Images:
    """Images with every pixel centred and scaled by its spread over the training samples; ValueError if labels do not fit."""
    for kind, images, labels in (("training", train, train_labels), ("test", test, test_labels)):
        if labels.ndim != 1 or len(labels) != len(images):
            raise ValueError(
                f"images: {len(labels)} labels of {len(images)} images for {kind} in {name}; one each is needed"
            )
    if train.shape[1] != test.shape[1] or test_labels.max() > train_labels.max():
        raise ValueError(f"images: the test of {name} has other sizes or classes than its training")
    mean, spread = train.mean(axis=0), train.std(axis=0)
    spread[spread == 0] = 1.0
    return Images(
        name, (train - mean) / spread, train_labels.astype(int), (test - mean) / spread, test_labels.astype(int)
    )


def digits(seed: int = 0) -> Images:
    """Scikit-learn's 1797 images of 8 x 8 pixels: 1437 for training, 360 for the test.

    Parameters
    ----------
    seed : of the split.
    """
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(labels))
    test, train = order[:360], order[360:]
    return standardised("digits", pixels[train], labels[train], pixels[test], labels[test])


def from_folder(path: str | Path) -> Images:
    """MNIST (IDX files, also gzipped) or CIFAR-10 (the binary version) from a folder.

    Raises
    ------
    ValueError : no such folder, a missing file (named), a file of the wrong kind or size.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise ValueError(f"images: {folder} is no folder; MNIST (IDX) or CIFAR-10 (binary) files are read from one")
    if any(found(folder, name) for name in MNIST):
        parts = [idx(needed(folder, name)) for name in MNIST]
        pixels = [part.reshape(len(part), -1).astype(float) for part in parts[::2]]
        return standardised("MNIST", pixels[0], parts[1], pixels[1], parts[3])
    if any(found(folder, name) for name in CIFAR):
        rows = [cifar(needed(folder, name)) for name in CIFAR]
        train = np.concatenate(rows[:-1])
        return standardised(
            "CIFAR-10", train[:, 1:].astype(float), train[:, 0], rows[-1][:, 1:].astype(float), rows[-1][:, 0]
        )
    raise ValueError(f"images: {folder} holds neither {MNIST[0]} (MNIST) nor {CIFAR[0]} (CIFAR-10, binary version)")


def found(folder: Path, name: str) -> Path | None:
    """The file or its gzipped version, in the folder."""
    return next((one for one in (folder / name, folder / f"{name}.gz") if one.is_file()), None)


def needed(folder: Path, name: str) -> Path:
    """The file; ValueError if it is missing."""
    path = found(folder, name)
    if path is None:
        raise ValueError(f"images: {folder} has no {name}")
    return path


def content(path: Path) -> bytes:
    """Bytes of a file, unpacked."""
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise ValueError(f"images: {path} cannot be read: {error}") from error


def idx(path: Path) -> Array:
    """An IDX file of bytes."""
    raw = content(path)
    rank = raw[3] if len(raw) > 4 else 0
    if raw[:3] != b"\0\0\x08" or rank not in (1, 3) or len(raw) < 4 + 4 * rank:
        raise ValueError(f"images: {path} is no IDX file of bytes")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", rank, 4))
    if 0 in shape:
        raise ValueError(f"images: {path} holds no images, its shape is {shape}")
    if len(raw) != 4 + 4 * rank + prod(shape):
        raise ValueError(f"images: {path} has {len(raw)} bytes, which does not fit its shape {shape}")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def cifar(path: Path) -> Array:
    """Rows of a binary CIFAR-10 file: the class, then 3072 pixels."""
    raw = content(path)
    if not raw or len(raw) % CIFAR_ROW:
        raise ValueError(
            f"images: {path} has {len(raw)} bytes; rows of {CIFAR_ROW} are needed (CIFAR-10, binary version)"
        )
    return np.frombuffer(raw, np.uint8).reshape(-1, CIFAR_ROW)
