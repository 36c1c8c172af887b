"""Every example and every Python block of docs/python.md runs, in an empty folder, and leaks no handle."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

EXAMPLES = sorted((ROOT / "examples" / "python").glob("*.py"))
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
OUTPUT = {
    "first": "1 hello\n",
    "local_queue": "".join(f"working on {{'resize': '{name}.png'}}\n" for name in ("cat", "dog", "fox")),
    "registry": "changed: {'size': 4}\nblue 4\n",
    "service": "sum of all requests: 499500\n",
}


def run(script: Path | str, folder: Path) -> str:
    # Only this warning: polars, pandas and DuckDB have some of their own.
    command = [sys.executable, "-W", "error::ResourceWarning", str(script)]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0 and "ResourceWarning" not in result.stderr, result.stderr
    return result.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_example(example: Path, tmp_path: Path) -> None:
    output = run(example, tmp_path)
    assert output == OUTPUT.get(example.stem, output) != ""


def test_the_page_runs_from_top_to_bottom(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text("\n".join(BLOCKS), encoding="utf-8")
    assert len(BLOCKS) > 5
    run(script, tmp_path)


def test_the_page_names_everything_public() -> None:
    import ministore
    from ministore import aio

    for name in ministore.__all__:
        assert re.search(rf"\b{name}\b", PAGE), f"docs/python.md does not mention ministore.{name}"
    for kind in (ministore.Journal, ministore.Follower, aio.Journal, aio.Follower):
        for name in (name for name in dir(kind) if not name.startswith("_")):
            assert re.search(rf"\b{name}\b", PAGE), f"docs/python.md does not mention {kind.__name__}.{name}"
