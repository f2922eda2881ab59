"""The command line: what can be asked. What answers is in `commands`, imported only when it is asked.

This module imports neither SymPy nor NumPy, so that ``plateaux --help`` is instant.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from . import __version__
from .commands.options import Parser, examples

if TYPE_CHECKING:
    from .derivations.paper import Paper

OK, NOT_WELL, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: all well; a verdict or comparison not ok; bad input; Ctrl-C."""

EXPERIMENTS = ("simulate", "phase-diagram")
"""Commands whose options are the fields of a paper's settings."""


SUMMARY = """\
Training dynamics of neural networks: formulas derived, checked, compiled and confronted with gradient descent."""

EPILOG = """\
examples:
  plateaux list mixed                                   what there is
  plateaux show mixed.flow                              one formula: letters, source, derivation step by step
  plateaux eval mixed.mode t=1 s_0=0 m=1 tau=1e-3       one number
  plateaux verify mixed.flow                            the formula and everything that it rests on
  plateaux compare mixed --seed 1                       theory against gradient descent
  plateaux figures mixed --out figures                  the figures of the paper
  plateaux latex mixed.flow --out tex                   LaTeX, BibTeX, and the SymPy object
  plateaux COMMAND --help                               more, with examples

exit code: 0 all well, 1 a verdict or comparison is not ok, 2 bad input"""


def parser(prog: str = "plateaux") -> argparse.ArgumentParser:
    """The parser of all commands."""
    raw = argparse.RawDescriptionHelpFormatter
    top = Parser(prog=prog, description=SUMMARY, epilog=EPILOG, formatter_class=raw, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"plateaux {__version__}")
    commands = top.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Parser, title="commands"
    )

    def add(name: str, run: str, words: str, *lines: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = commands.add_parser(
            name, help=words, description=words[0].upper() + words[1:] + ".", epilog=examples(*lines),
            formatter_class=raw, allow_abbrev=False,
        )  # fmt: skip
        sub.set_defaults(run=run)
        if name not in ("plot", "demo"):
            sub.add_argument("--json", metavar="FILE", help="write the report as JSON too (FILE ends in .json)")
        return sub

    sub = add("list", "reading:list_entries", "list papers, formulas, systems, comparisons and figures",
              "list", "list mixed", "list --about threshold")  # fmt: skip
    sub.add_argument("paper", nargs="?", metavar="PAPER", help="paper id; all papers if absent")
    sub.add_argument("--about", metavar="WORD", help="only what has this word in its id, title or letters")

    sub = add("show", "reading:show", "show a formula or system: statement, letters, source, derivation with verdicts",
              "show mixed.flow", "show mixed.mode", "show mixed.threshold-time --json threshold.json")  # fmt: skip
    sub.add_argument("id", metavar="ID", help="id of a formula or system")

    sub = add("eval", "evaluation:evaluate", "evaluate a formula at a point",
              "eval mixed.mode t=1 s_0=0 m=1 tau=1e-3", "eval mixed.mode-time s=1/2 s_0=0 m=1 tau=1e-8 --digits 40",
              "eval mixed.threshold-time m=1 tau=1e-3")  # fmt: skip
    sub.add_argument("id", metavar="ID", help="id of a formula with scalar parameters")
    sub.add_argument("parameters", nargs="*", metavar="name=value", help="numbers such as 3, -0.5, 1e-3, 1/3")
    sub.add_argument(
        "--digits", type=whole_number, default=15, metavar="N", help="above 15 by mpmath from exact input (default 15)"
    )

    sub = add("verify", "proving:verify", "check derivations, and everything that they rest on",
              "verify mixed.flow", "verify mixed --jobs 2", "verify mixed.mode mixed.mode-time --json verdicts.json")  # fmt: skip
    sub.add_argument("names", nargs="*", metavar="ID|PAPER", help="what to check; everything if absent")
    sub.add_argument(
        "--jobs", type=whole_number, default=0, metavar="N", help="processes (default: all cores when it pays)"
    )

    sub = add("compare", "running:compare", "compare theory with gradient descent",
              "compare mixed", "compare mixed --seed 1 --out curves --json compare.json")  # fmt: skip
    sub.add_argument("names", nargs="*", metavar="COMPARISON|PAPER", help="what to compare; everything if absent")
    sub.add_argument("--seed", type=whole_number, default=0, metavar="N", help="seed of all draws (default 0)")
    sub.add_argument("--out", metavar="DIR", help="keep both curves of each comparison as .npz")

    for name, words in (
        ("simulate", "simulate the system of a paper"),
        ("phase-diagram", "compute a phase diagram of a paper"),
    ):
        sub = add(name, "", words, f"{name} mixed --out {name}.npz", f"{name} mixed --help", f"plot {name}.npz")
        sub.add_argument("paper", metavar="PAPER", help=f"paper id; its options: plateaux {name} PAPER --help")
        sub.add_argument("--out", metavar="FILE.npz", required=True, help="where the curve goes")

    sub = add("figures", "running:figures", "draw the figures of a paper",
              "figures mixed --out figures", "figures mixed --out figures --format pdf --seed 1")  # fmt: skip
    sub.add_argument("names", nargs="*", metavar="ID|PAPER", help="what to draw; everything if absent")
    sub.add_argument("--out", metavar="DIR", required=True, help="where the figures go")
    sub.add_argument("--seed", type=whole_number, default=0, metavar="N", help="seed of all draws (default 0)")
    sub.add_argument("--format", choices=("png", "pdf", "svg"), default="png", help="file format (default png)")

    sub = add(
        "plot", "running:plot", "draw a stored curve", "plot simulate.npz", "plot simulate.npz --out simulate.pdf"
    )
    sub.add_argument("file", metavar="FILE.npz", help="written by simulate, phase-diagram or compare")
    sub.add_argument("--out", metavar="FILE", help="ends in .png, .pdf or .svg (default: FILE.png)")

    sub = add("latex", "proving:latex", "write formulas and derivations as LaTeX, with BibTeX and the SymPy objects",
              "latex mixed.flow", "latex mixed --out tex", "latex mixed.mode mixed.mode-time --out tex --unchecked")  # fmt: skip
    sub.add_argument("names", nargs="*", metavar="ID|PAPER", help="what to write; everything if absent")
    sub.add_argument(
        "--out", metavar="DIR", help="a document for each name, .srepr files, references.bib (default: stdout)"
    )
    sub.add_argument("--unchecked", action="store_true", help="do not run the derivations; no grades are shown")

    sub = add("cite", "reading:cite", "print the BibTeX of formulas and of everything that they rest on",
              "cite mixed.flow", "cite mixed.mode mixed.mode-time > used.bib")  # fmt: skip
    sub.add_argument("ids", nargs="+", metavar="ID", help="formulas, systems or papers")

    sub = add("extremal-vectors", "extremal:extremal_vectors", "print the extremal vectors of a data set, and which neurons they attract",
              "extremal-vectors --data three-points", "extremal-vectors --data points.csv --bias --labels y --json extremal.json")  # fmt: skip
    sub.add_argument("--data", metavar="FILE.csv|NAME", required=True,
                     help="columns x1,..,xd,y, header optional; or three-points, assumption-3, forty-points")  # fmt: skip
    sub.add_argument(
        "--bias", action=argparse.BooleanOptionalAction, default=None, help="add a last feature 1 (default: no)"
    )
    sub.add_argument(
        "--labels", metavar="COL", help="name or number of the column of labels (default: y, else the last)"
    )

    sub = add("demo", "demo:demo", "show a paper: verify, compare, draw and write its main formula",
              "demo --out demo", "demo mixed --out demo")  # fmt: skip
    sub.add_argument("paper", nargs="?", metavar="PAPER", help="paper id; the first paper if absent")
    sub.add_argument("--out", metavar="DIR", default="demo", help="where files go (default: demo)")

    def network(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--depth", metavar="L", required=True, help="number of hidden layers")
        sub.add_argument(
            "--param", metavar="NAME", help="ntk, sp, mup, ip, ip-llr, ip-llr-bias or mean-field; or give a, b, c"
        )
        sub.add_argument("--activation", metavar="NAME", default="relu",
                         help="relu, relu2, linear, tanh, erf, gelu or elu (default relu)")  # fmt: skip
        sub.add_argument("--p", metavar="P", help="degree of relu, max(z, 0)^p (default 1)")
        sub.add_argument("--bias", action="store_true", help="unscaled biases (ip-llr)")
        sub.add_argument(
            "--mean", action="store_true", help="weights of layers 2 to L+1 start with a mean of their size"
        )
        for name, words in (("a", "multipliers"), ("b", "starts"), ("c", "rates"), ("later", "rates from step two on"),
                            ("bias-rates", "rates of biases")):  # fmt: skip
            sub.add_argument(
                f"--{name}",
                metavar="X,X,..",
                help=f"exponents of the {words}, one for each of L+1 layers (--{name}=-1,0)",
            )

    sub = add("exponents", "exponents:exponents", "print how everything in a network scales with its width, and its limit",
              "exponents --depth 4 --param ip-llr", "exponents --depth 3 --param ip --activation tanh --steps 1 --latex",
              "exponents --depth 2 --a=0,1/2,1/2 --b=0,0,0 --c=-1/2,-1/2,0")  # fmt: skip
    network(sub)
    sub.add_argument("--steps", metavar="N", default="2", help="number of updates (default 2)")
    sub.add_argument("--chi", metavar="X", default="1", help="derivative of the loss at the start (default 1)")
    sub.add_argument("--cancels", choices=("none", "outputs", "samples"), default="none",
                     help="over what these derivatives sum to zero at the start (default none)")  # fmt: skip
    sub.add_argument("--all", action="store_true", help="activations and gradients too")
    sub.add_argument("--latex", action="store_true", help="print the table as LaTeX")

    sub = add("coordinate-check", "coordinate:check", "measure how everything in a network scales with its width",
              "coordinate-check --depth 3 --param mup --activation tanh --widths 64,128,256,512 --seeds 8 --out check.npz")  # fmt: skip
    network(sub)
    sub.add_argument("--widths", metavar="M,M,..", required=True, help="widths, increasing")
    sub.add_argument("--seeds", metavar="N", default="8", help="number of draws (default 8)")
    sub.add_argument("--steps", metavar="N", default="1", help="number of updates (default 1)")
    sub.add_argument("--eta", metavar="X", default="1", help="step, without its power of the width (default 1)")
    sub.add_argument("--chi", metavar="X,X,..", help="derivative of the loss at each sample (default -1,-1,-1,1)")
    sub.add_argument("--bits", choices=("32", "64"), default="64", help="floats of 32 or 64 bits (default 64)")
    sub.add_argument("--seed", metavar="N", default="0", help="seed of all draws (default 0)")
    sub.add_argument("--out", metavar="FILE.npz", help="where the curve goes (a .json record beside it)")

    add("info", "reading:info", "show versions, cache, linear algebra, threads", "info", "info --json info.json")
    return top


def whole_number(text: str) -> int:
    """An integer for argparse, nonnegative."""
    from .commands.strict import whole

    try:
        value = whole("number", text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is negative; allowed: 0, 1, 2, ...")
    return value


def main(argv: Sequence[str] | None = None, papers: Sequence[Paper] = ()) -> int:
    """Run one command.

    Parameters
    ----------
    argv : words after the name of the program; those of the process by default.
    papers : own papers; every command works on them.

    Returns
    -------
    int : 0 all well, 1 a verdict or comparison not ok, 2 bad input (one line on stderr), 130 interrupted.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    script = Path(sys.argv[0])
    start = ["python", str(script)] if papers and script.suffix == ".py" else ["plateaux"]
    try:
        code = run(words, papers, shlex.join([*start, *words]))
        sys.stdout.flush()
        return code
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    except ValueError as error:
        if "PLATEAUX_TRACEBACK" in os.environ:
            raise
        print(f"plateaux: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("plateaux: interrupted; no file was left half-written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as in `plateaux list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def run(words: list[str], papers: Sequence[Paper], command_line: str) -> int:
    """Parse and dispatch; ValueError for bad input."""
    command = words[0] if words else ""
    general = len(words) < 2 or words[1] in ("-h", "--help")
    if command in EXPERIMENTS and not general:
        library = import_module(".library", __package__).Library(papers)
        return int(
            import_module(".commands.running", __package__).experiment(command, words[1:], library, command_line)
        )
    options = parser().parse_args(words or ["--help"])
    options.command_line = command_line
    options.again = lambda more: run(more, papers, shlex.join(["plateaux", *more]))
    module, function = options.run.split(":")
    answer: Any = getattr(import_module(f".commands.{module}", __package__), function)
    return int(answer(options, import_module(".library", __package__).Library(papers)))


def entry() -> NoReturn:
    """The console script.

    Linear algebra gets one thread unless the user's environment says otherwise: the matrices are small, work is spread over
    processes, and threads that wait for a core that others use made a comparison seventeen times slower.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    sys.exit(main())
