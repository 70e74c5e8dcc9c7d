"""Pictures and pages: the command's bytes, and a page that a browser shows without a network."""

import shutil
import subprocess

import ennead
import pytest


@pytest.fixture(scope="module")
def result():
    return ennead.run("builtin:linear-fp16-fw")


@pytest.fixture(scope="module")
def results():
    return ennead.sweep(ennead.grid({"l1.banks": [4, 8], "param.workers": [1, 4]}, target="builtin:relu-fp32-fw"))


def test_pictures_and_pages_are_those_of_the_command(command, result, results, tmp_path):
    result.save(tmp_path / "run.json")
    results.to_json(tmp_path / "sweep.json")
    for kind, source, name in [("stalls", result, "run"), ("roofline", result, "run"), ("pareto", results, "sweep")]:
        for suffix in ("svg", "png"):
            file = tmp_path / f"{kind}.{suffix}"
            done = command("plot", kind, tmp_path / f"{name}.json", "-o", file)
            assert done.returncode == 0, done.stderr
            assert ennead.plot(kind, source, format=suffix) == file.read_bytes()
    for source, name in [(result, "run"), (results, "sweep")]:
        assert command("report", tmp_path / f"{name}.json", "-o", tmp_path / "page.html").returncode == 0
        assert ennead.page(source).encode() == (tmp_path / "page.html").read_bytes()
    with pytest.raises(ennead.InputError, match="takes one input"):
        ennead.plot("stalls", [result, result])
    with pytest.raises(ennead.InputError, match="kind = \"stall\": must be one of stalls, layers"):
        ennead.plot("stall", result)
    with pytest.raises(ennead.InputError, match="format"):
        ennead.plot("stalls", result, format="gif")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_shows_the_page_without_a_network(result, results, tmp_path):
    for source, headings in [(result, ["Regions", "L1 banks", "Roofline"]), (results, ["Pareto front", "Points"])]:
        page = tmp_path / "page.html"
        page.write_text(ennead.page(source), encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--proxy-server=127.0.0.1:9"]
        words = ["chromium", *flags, f"--user-data-dir={tmp_path / 'profile'}"]
        shown = subprocess.run([*words, "--dump-dom", page.as_uri()], capture_output=True, timeout=120)
        dom = shown.stdout.decode()
        assert shown.returncode == 0
        assert "CONSOLE" not in shown.stderr.decode()
        assert all(f"<h2>{heading}</h2>" in dom for heading in headings)
        # The browser parsed every picture as SVG, down to its last element.
        assert dom.count("<svg") == dom.count("</svg>") >= 2
        picture = tmp_path / "page.png"
        words += ["--window-size=1000,3000", f"--screenshot={picture}"]
        assert subprocess.run([*words, page.as_uri()], capture_output=True, timeout=120).returncode == 0
        assert picture.stat().st_size > 20_000
