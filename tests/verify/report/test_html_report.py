"""The HTML report shows the result, with hostile names too, and works in a real browser."""

from __future__ import annotations

import html
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import faults
import numpy as np
import pytest
import results

from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.findings.result import Result
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.dot_charts import COLOURS, ratio_scale, share_scale
from cifarx.verify.report.html_report import as_html
from cifarx.verify.report.json_report import as_text, read_report
from cifarx.verify.verify import verify

VOID = {"meta", "img", "br", "link", "input", "hr"}

pytestmark = pytest.mark.usefixtures("remembered")


class Page(HTMLParser):
    """A page taken apart; elements that are not closed in order are errors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())

    def values(self, tag: str, attribute: str) -> list[str | None]:
        return [attrs[attribute] for name, attrs in self.tags if name == tag and attribute in attrs]


RESULTS: dict[str, Callable[[], Result]] = {
    "sound": results.sound,
    "different": results.different,
    "interrupted": lambda: replace(results.sound(), interrupted="octave, layer by layer"),
    "hostile": lambda: results.with_names(results.different(), results.HOSTILE),
    "deep": lambda: results.deep(150, 9),
    "bare": lambda: replace(
        results.sound(), accuracy=None, layers=(), engines=(), audits=(), export=(), classes=()
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_page_is_well_formed_and_needs_nothing_else(name: str) -> None:
    text = as_html(RESULTS[name]())
    assert b"cifarx" in text.encode()[:512]
    assert text == as_html(RESULTS[name]())
    page = Page(text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "base", "form"}
    assert all(str(src).startswith("data:image/png;base64,") for src in page.values("img", "src"))
    assert all(
        str(link).startswith("#") for tag in ("a", "use") for link in page.values(tag, "href")
    )
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")]
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {str(link)[1:] for tag in ("a", "use") for link in page.values(tag, "href")}
    assert links <= set(ids)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    assert not re.search(r"url\(|@import|//", style)


def test_the_verdict_comes_first_with_its_meaning() -> None:
    text = Page(as_html(results.sound())).text
    start = text[: text.index("All checks")]
    assert "EQUIVALENT" in start
    assert "to within the rounding of float32 arithmetic" in start
    assert "0, passed" in start
    assert "1 of 2: onnxruntime" in start
    assert "60 test images of shapes" in start
    assert "pytorch 2.9, in float64" in start
    assert "First divergence" not in start


def test_a_difference_is_named_before_the_checks() -> None:
    text = Page(as_html(results.different())).text
    start = text[: text.index("All checks")]
    assert "DIFFERENT" in start
    assert "the prediction of 3 images changes" in start
    for said in ("First divergence", "onnxruntime", "net.conv1", "/conv1", "5e+04 times the bound"):
        assert said in start


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda r: replace(r, interrupted="octave"), "stopped during: octave."),
        (lambda r: replace(r, engines=r.engines[:1]), "no engine other than PyTorch gave outputs"),
        (
            lambda r: replace(
                r, engines=(*r.engines, EngineReport("octave", "octave", None, "killed", True))
            ),
            "octave failed",
        ),
    ],
)
def test_a_check_that_was_not_made_is_no_pass(edit: Callable[[Result], Result], said: str) -> None:
    text = Page(as_html(edit(results.sound()))).text
    start = text[: text.index("All checks")]
    assert "NOT VERIFIED" in start
    assert "EQUIVALENT" not in start
    assert said in start
    assert "2, the check could not be made" in start


def test_every_check_is_there() -> None:
    result = results.different()
    text = Page(as_html(result)).text
    for made in result.checks():
        assert " ".join(made.detail.split()) in text


def test_names_from_files_are_shown_and_do_nothing() -> None:
    text = as_html(results.with_names(results.different(), results.HOSTILE))
    assert "<script" not in text
    assert "{{ 7 * 7 }}{% raw %}&amp;amp;" in text
    assert r"\x00\x1b[31m\ud800\ufffe\u202eedoc" in text
    assert all(c.isprintable() or c == "\n" for c in text)
    text.encode()  # which a lone surrogate would forbid


def test_computed_constants_are_not_counted_as_equal_tensors() -> None:
    result = results.sound()
    audit = replace(result.audits[0], constants=("norm1_Scale",))
    text = Page(as_html(replace(result, audits=(audit,)))).text
    assert "3 of 3 tensors equal the checkpoint bit for bit" in text
    assert "float64 (1) norm1_Scale" in text


@pytest.mark.parametrize(("against", "shown"), [("pytorch", "PyTorch"), ("float64", "float64")])
def test_the_accuracy_is_compared_with_what_the_result_names(against: str, shown: str) -> None:
    accuracy = replace(results.accuracy(), against=against)
    text = Page(as_html(replace(results.sound(), accuracy=accuracy))).text
    assert f"Comparison with {shown} on the same images" in text
    assert f"Right only in {shown}" in text


def test_changed_predictions_have_image_labels_and_margin() -> None:
    page = Page(as_html(results.different()))
    assert page.values("img", "alt") == ["test image 4, dog"]
    assert "test image 4 label: dog dog float64, pytorch ship onnxruntime margin 1.07" in page.text
    assert "test image 9 cat cat float64, pytorch ; dog onnxruntime 1.15" in page.text
    assert "test image 30 cat cat pytorch ; dog onnxruntime 1.51" in page.text
    assert "3 images for which an engine predicts another class" in page.text


def test_an_image_that_only_one_engine_has_seen_has_no_place() -> None:
    result = results.different()
    engine = result.engines[1]
    assert engine.judgement is not None
    changed = tuple(replace(c, place=None, label=None) for c in engine.judgement.changed)
    elsewhere = replace(
        engine,
        engine="matlab-result",
        judgement=replace(engine.judgement, changed=changed),
        marked=None,
    )
    result = replace(result, engines=(*result.engines[:1], elsewhere), accuracy=None)
    page = Page(as_html(result))
    assert not page.values("img", "alt")
    assert "image 4 of onnxruntime 1.23 unknown dog float64 ; ship matlab-result 0.75" in page.text


def test_classes_that_a_report_does_not_name_are_numbered() -> None:
    text = Page(as_html(replace(results.different(), classes=("cat",)))).text
    assert "class 1 float64" in text


def test_every_layer_has_a_row_with_every_engine() -> None:
    page = Page(as_html(results.deep(150, 9)))
    spoken = [str(s) for s in page.values("svg", "aria-label") if "engine8: " in str(s)]
    layers = [s for s in spoken if "%" not in s]
    assert len(layers) == 150
    assert all(s.count("engine") == 9 for s in layers)
    assert "block14_layer9" in page.text


def test_zero_and_infinity_have_places_of_their_own() -> None:
    scale = ratio_scale([0.0, 1e-3, 0.5, 5e4, np.inf])
    places = [scale.at(v) for v in (0.0, 1e-3, 0.5, 1.0, 5e4, np.inf)]
    assert places == sorted(places)
    assert len(set(places)) == 6
    assert scale.at(1.0) == scale.bound
    labels = [tick.label for tick in scale.ticks]
    assert (labels[0], labels[-1]) == ("0", "∞")
    assert "1" in labels


@pytest.mark.parametrize(
    "values", [[], [0.0], [np.inf], [np.nan], [1.0], [-1.0], [5e-324, 1.7e308], [0.999, 1.001]]
)
def test_any_ratios_have_a_scale(values: list[float]) -> None:
    scale = ratio_scale(values)
    assert all(0 <= scale.at(v) <= 100 for v in values)
    assert scale.bound is not None
    assert 0 < scale.bound < 100
    assert len(scale.ticks) <= 11


@pytest.mark.parametrize("values", [[], [0.0], [1.0], [0.0, 1.0], [0.501, 0.502], [-3.0, 1e300]])
def test_any_shares_have_a_scale(values: list[float]) -> None:
    scale = share_scale(values)
    assert all(0 <= scale.at(v) <= 100 for v in values)
    assert 2 <= len(scale.ticks) <= 8


def test_the_page_of_a_saved_report_is_that_of_the_check(work: Path) -> None:
    faults.edit_initializer(work, "fc2_bias", lambda b: b + np.arange(10, dtype=np.float32))
    result = verify(VerifyOptions(Path("model.onnx"), ("pytorch", "onnxruntime")))
    (work / "report.json").write_text(as_text(result))
    text = as_html(result)
    assert as_html(read_report(work / "report.json")) == text
    page = Page(text)
    assert "DIFFERENT" in page.text
    changes = [c for j in result.judgements() for c in j.changed]
    assert changes
    assert len(page.values("img", "src")) == len(result.pictures) > 0
    assert all(f"test image {c.place}" in page.text for c in changes)
    places = {p.image: p.label for p in result.pictures}
    assert all(places.get(c.place or 0, c.label) == c.label for c in changes)


def _contrast(one: str, other: str) -> float:
    """By WCAG 2, of two colours #rgb or #rrggbb."""
    luminances = []
    for colour in (one, other):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        luminances.append(float(np.dot([0.2126, 0.7152, 0.0722], linear)))
    low, high = sorted(luminances)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_and_marks_stand_out(theme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", as_html(results.sound()), re.S)
    colours = dict(re.findall(r"--(\w[\w-]*): (#\w+)", blocks[theme]))
    for ground in ("page", "sheet"):
        for ink in ("ink", "soft", "good", "fair", "bad", "none"):
            assert _contrast(colours[ink], colours[ground]) >= 4.5
    for tone in ("good", "fair", "bad", "none"):
        for ink in (tone, "ink", "soft"):
            assert _contrast(colours[ink], colours[f"{tone}-tint"]) >= 4.5
    for series in range(COLOURS):
        for ground in ("sheet", "bad-tint"):
            assert _contrast(colours[f"s{series}"], colours[ground]) >= 3


# What the page asks of itself, for tests only: the page as it is has no script and allows none.
# It stands in a frame, for windows are 500 pixels wide at least.
PROBE = """<script>
parent.document.documentElement.dataset.probe = JSON.stringify({
  width: document.documentElement.clientWidth,
  needed: document.documentElement.scrollWidth,
  loaded: performance.getEntriesByType("resource").map(e => e.name)
    .filter(name => !name.startsWith("data:")),
  broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).length,
  verdict: document.querySelector("h1").innerText,
  top: document.querySelector("h1").getBoundingClientRect().top,
  bound: document.querySelectorAll(".chart .bound").length,
  drawn: [...document.querySelectorAll(".chart .row use")]
    .filter(u => u.getBoundingClientRect().width > 0).length,
  ink: getComputedStyle(document.body).color,
  page: getComputedStyle(document.body).backgroundColor,
});
</script></body>"""


FRAME = """<!doctype html><meta charset="utf-8">
<style>:root {{ color-scheme: light dark }}
iframe {{ border: 0; width: {}px; height: 800px }}</style>
<iframe srcdoc="{}"></iframe>"""


def browse(program: str, page: Path, *options: str) -> tuple[str, list[str]]:
    """(the page as the browser has it, what it complains of), without any network."""
    done = subprocess.run(
        [
            program,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            f"--user-data-dir={page.parent / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--v=0",
            "--window-size=1400,900",
            "--virtual-time-budget=2000",
            "--dump-dom",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def probed(program: str, page: Path, width: int, *options: str) -> dict[str, Any]:
    """What a copy of the page finds out about itself."""
    text = page.read_text("utf-8")
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy".*?>')
    assert policy.search(text)
    copy = page.with_name("probed.html")
    inner = policy.sub("", text).replace("</body>", PROBE)
    copy.write_text(FRAME.format(width, html.escape(inner)), "utf-8")
    dom, complaints = browse(program, copy, *options)
    assert not [line for line in complaints if "data:image" not in line]
    found = re.search(r'data-probe="(.*?)"', dom)
    assert found is not None
    answer: dict[str, Any] = json.loads(html.unescape(found[1]))
    return answer


@pytest.mark.chromium
@pytest.mark.parametrize("name", ["sound", "different", "hostile", "deep"])
def test_a_browser_opens_the_page_from_disk(
    name: str, chromium_program: str, tmp_path: Path
) -> None:
    result = RESULTS[name]()
    page = tmp_path / "report.html"
    page.write_text(as_html(result), "utf-8")
    dom, complaints = browse(chromium_program, page)
    assert not [c for c in complaints if "data:image" not in c]
    assert f"</span>{result.verdict or 'NOT VERIFIED'}</h1>" in dom
    assert "<script" not in dom
    for width in (360, 1280):
        found = probed(chromium_program, page, width)
        assert found["width"] == width
        assert found["needed"] <= width
        assert found["loaded"] == []
        assert found["broken"] == (name == "hostile")  # whose picture is none
        assert str(result.verdict or "NOT VERIFIED") in found["verdict"]
        assert found["top"] < 150  # long names do not push the verdict away
        assert found["bound"] == len(result.layers)
        marks = sum(len(e.layers) for e in result.engines)
        assert found["drawn"] >= marks


@pytest.mark.chromium
def test_the_page_is_light_or_dark_as_the_reader_is(chromium_program: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(as_html(results.different()), "utf-8")
    light, dark = (
        probed(chromium_program, page, 1280, f"--blink-settings=preferredColorScheme={scheme}")
        for scheme in (1, 0)
    )
    for bright, dim in ((light["page"], light["ink"]), (dark["ink"], dark["page"])):
        assert _brightness(bright) > 200
        assert _brightness(dim) < 50


def _brightness(colour: str) -> float:
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
