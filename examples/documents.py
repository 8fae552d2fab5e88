"""Writes the Python of the README and the guide to files, for the type checkers.

Each piece is a module of its own in `dist/documents`, beside the clients that the quickstart's
service has. What is wrong with a piece is then an error of pyright or mypy in that folder.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent
ROOT = EXAMPLES.parent
FOLDER = EXAMPLES / "dist" / "python_documents"
PIECE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main() -> None:
    """Writes every piece; a document without any is fine, no piece at all is not."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(EXAMPLES / "quickstart" / "clients" / "python", FOLDER / "rpc")
    pieces = 0
    for document in [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]:
        for number, code in enumerate(PIECE.findall(document.read_text(encoding="utf-8")), start=1):
            (FOLDER / f"{document.stem.lower().replace('-', '_')}_{number}.py").write_text(
                code, encoding="utf-8"
            )
            pieces += 1
    if pieces == 0:
        sys.exit("no document has any Python: are the fences still ```python?")
    print(f"{pieces} pieces of Python are in {FOLDER.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
