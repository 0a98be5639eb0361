"""Run the commands of README.md as they are written: every `bash` and `python` block, in order.

The blocks run in a copy of the committed files, in the present environment. Blocks of other kinds (`console`,
`text`) are not run. `.ci/run` runs the tests itself, so the block that does the same is left out here.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TESTS = "pip install '.[test]' && pytest"


def main(folder: Path) -> None:
    """Copy the repository to `folder` and run the blocks there; the first failure ends the script."""
    root = Path(__file__).resolve().parents[1]
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=root, check=True, capture_output=True).stdout
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    blocks = BLOCK.findall((folder / "README.md").read_text(encoding="utf-8"))
    if not blocks:
        sys.exit("README.md has no bash or python block")
    for language, text in blocks:
        if text.strip() == TESTS:
            continue
        print(f"\n[README, {language}]\n{text}", flush=True)
        command = (
            ["bash", "-euo", "pipefail", "-c", text] if language == "bash" else [sys.executable, "-c", text]
        )
        if subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            sys.exit(f"README.md: this {language} block failed:\n{text}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
