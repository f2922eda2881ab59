"""The wheel must hold every module and data file that stands on disk."""

import sys
from pathlib import Path
from zipfile import ZipFile

root = Path(__file__).resolve().parent.parent
held = set(ZipFile(sys.argv[1]).namelist())
wanted = {
    f"plateaux/{path.relative_to(home).as_posix() if home.name == 'plateaux' else path.relative_to(root).as_posix()}"
    for home in (root / "src/plateaux", root / "theory", root / "numerics", root / "derivations")
    for pattern in ("*.py", "*.bib", "*.mplstyle", "py.typed")
    for path in home.rglob(pattern)
    if "__pycache__" not in path.parts
}
missing = sorted(wanted - held)
print(f"{len(wanted)} files on disk, {len(missing)} missing from the wheel")
if missing or len(wanted) < 20:
    sys.exit("\n".join(missing))
