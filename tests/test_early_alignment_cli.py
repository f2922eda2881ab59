"""The command extremal-vectors."""

import json

import pytest

from plateaux.cli import main


def run(capsys, *words):
    code = main(["extremal-vectors", *words])
    found = capsys.readouterr()
    return code, found.out, found.err


def test_built_in_table(capsys, tmp_path):
    file = tmp_path / "out.json"
    code, out, err = run(capsys, "--data", "three-points", "--json", str(file))
    assert code == 0 and not err
    row = next(line.split("  ") for line in out.splitlines() if line.startswith("+++"))
    assert [cell.strip() for cell in row if cell.strip()] == [
        "+++", "(-31/120, 2/3)", "0.714969", "111.2°", "along D", "yes", "no",
    ]  # fmt: skip
    record = json.loads(file.read_text())
    assert record["extremal"][0]["D"] == ["-31/120", "2/3"]
    assert record["extremal"][1]["kind"] == 0 and record["extremal"][1]["attracts dominated"] == [-1]


def test_file_with_repeated_points(capsys, tmp_path):
    file = tmp_path / "points.csv"
    file.write_text("a,b,target\n1,0,1\n1,0,-1\n0.5,1,2\n-1,1,0\n")
    code, out, _ = run(capsys, "--data", str(file), "--labels", "target", "--bias")
    assert code == 0
    assert "points 1, 2 are equal" in out and "labels of points that share it cancel" in out
    assert "point 4 has no kink: its label is zero" in out
    assert "span only" not in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--data", "nowhere.csv"), "data: no file 'nowhere.csv'"),
        (("--data", "three-points", "--bias"), "bias: three-points is built in"),
        ((), "--data"),
        (("--data", "three-points", "--json", "x.txt"), "must end in .json"),
    ],
)
def test_bad_input_is_one_line(capsys, words, message):
    code, out, err = run(capsys, *words)
    assert code == 2 and message in err and err.count("\n") == 1 and not out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x1,x2,y\n1,2,1\n1,NaN,1\n", "row 3, column x2: 'NaN' is not a finite number"),
        ("1,2,0\n3,4,0\n", "labels: all are zero"),
        ("1,2,1\n0,0,1\n", "row 2: all features are zero"),
        ("1,2,1\n1,2,-1\n", "cancel"),
    ],
)
def test_bad_files(capsys, tmp_path, text, message):
    file = tmp_path / "points.csv"
    file.write_text(text)
    code, _, err = run(capsys, "--data", str(file))
    assert code == 2 and message in err and err.count("\n") == 1
