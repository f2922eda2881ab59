"""Parsers of options; those of an experiment come from the fields of its settings."""

from __future__ import annotations

import argparse
import dataclasses
import math
import typing
from typing import Any, NoReturn

from .strict import read, shorten


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def examples(*lines: str) -> str:
    """Epilog with commands to copy."""
    return "examples:\n" + "\n".join(f"  plateaux {line}" for line in lines)


def experiment_help(command: str, paper: str) -> str:
    """Epilog of an experiment."""
    file = f"{command}.npz"
    return examples(f"{command} {paper} --out {file}", f"plot {file} --out {command}.pdf", f"{command} {paper} --help")


def show_default(value: Any) -> str:
    """Default of an option, as it would be typed."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(map(show_default, value))
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def add_settings(parser: argparse.ArgumentParser, settings: type[Any]) -> None:
    """One option for each field of a settings dataclass; help and choices come from its metadata."""
    group = parser.add_argument_group("settings")
    for field in dataclasses.fields(settings):
        default: Any = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        required = default is dataclasses.MISSING
        words = [field.metadata.get("help", "")]
        if "choices" in field.metadata:
            words.append(f"one of {', '.join(map(str, field.metadata['choices']))}")
        words.append("required" if required else f"default {show_default(default)}")
        group.add_argument(
            f"--{field.name.replace('_', '-')}",
            dest=f"setting_{field.name}",
            metavar="X",
            required=required,
            help="; ".join(word for word in words if word).replace("%", "%%"),
        )


def make_settings(settings: type[Any], options: argparse.Namespace) -> Any:
    """Settings from parsed options; ValueError naming option, value and what is allowed."""
    kinds = typing.get_type_hints(settings)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        text = getattr(options, f"setting_{field.name}")
        if text is None:
            continue
        value = read(field.name, kinds[field.name], text)
        choices = field.metadata.get("choices")
        if choices is not None and value not in choices:
            raise ValueError(f"{field.name}: {shorten(text)}; allowed: {', '.join(map(str, choices))}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{field.name}: {shorten(text)} is not finite")
        values[field.name] = value
    return settings(**values)
