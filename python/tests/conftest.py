"""What the tests share: the command whose bytes are the reference."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def command():
    """Runs the command ``ennead``: the binary that ENNEAD names, or the one of this package."""
    words = [os.environ["ENNEAD"]] if "ENNEAD" in os.environ else [sys.executable, "-m", "ennead"]

    def run(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*words, *map(str, args)], cwd=cwd, capture_output=True, timeout=300)

    return run


@pytest.fixture(scope="session")
def spinner(tmp_path_factory) -> Path:
    """An ELF file whose one instruction jumps to itself."""
    import struct

    code, entry = struct.pack("<I", 0x0000_006F), 0x1C00_8000
    header = b"\x7fELF\x01\x01\x01" + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", 2, 243, 1, entry, 52, 0, 1, 52, 32, 1, 0, 0, 0)
    program = struct.pack("<8I", 1, 84, entry, entry, len(code), len(code), 5, 4)
    path = tmp_path_factory.mktemp("elf") / "spin.elf"
    path.write_bytes(header + program + code)
    return path
