"""Run the examples of Markdown files: every ``$ plateaux ...`` line of its console blocks, every Python block.

An example fails if it exits with another code than the one after ``# exit`` (0 if there is none).
"""

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

text = "\n".join(Path(name).read_text() for name in sys.argv[1:])
blocks = re.findall(r"^```(console|python)\n(.*?)^```", text, re.M | re.S)
examples = []
for kind, body in blocks:
    if kind == "python":
        examples.append(([sys.executable, "-W", "error", "-c", body], 0, body.strip().splitlines()[0]))
        continue
    for line in body.splitlines():
        if line.startswith("$ plateaux"):
            command, _, code = line[2:].partition("# exit")
            examples.append((shlex.split(command), int(code or 0), line))
if not examples:
    sys.exit("no examples found")
failed = 0
with tempfile.TemporaryDirectory() as folder:
    for command, code, line in examples:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        ok = run.returncode == code
        failed += not ok
        print(f"{'ok    ' if ok else 'FAILED'} {line}")
        if not ok:
            print(run.stdout[-2000:], run.stderr[-2000:], sep="\n")
print(f"{len(examples) - failed} passed, {failed} failed")
sys.exit(failed > 0)
