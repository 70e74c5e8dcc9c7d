"""The scripts in the book run as they stand."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "python" / "README.md", ROOT / "README.md"])
SCRIPTS = [
    pytest.param(script, id=f"{page.name}-{number}")
    for page in PAGES
    for number, script in enumerate(re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.S | re.M))
]


def test_there_are_scripts():
    assert len(SCRIPTS) >= 5


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_the_book_runs(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(script, "book", "exec"), {"__name__": "__main__"})
