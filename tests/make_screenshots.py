"""`python -m tests.make_screenshots [DIR]`: the pictures of the README, from the running app on the demo.

Writes SVG files, and PNG files beside them when `rsvg-convert` is installed (with the font Fira Code); and
`tour.svg`, which shows one picture after the other.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from spw_core.api import Workspace
from spw_core.demo.generate import generate
from spw_tui.themes import CONTRAST, DARK, LIGHT

from .tui_support import SIZE, make_app, press, settle

SCENES = {
    "overview": (DARK, SIZE, []),
    "run": (DARK, SIZE, ["2", "tab", "j", "enter", "j", "j"]),
    "waves": (LIGHT, SIZE, ["3", "tab", "l", "j", "j", "j"]),
    "search": (DARK, SIZE, ["slash", *"flaky", "space", *"login", "down"]),
    "trace": (LIGHT, SIZE, ["6", "tab"]),
    "tasks": (DARK, (180, 44), ["4", "tab", "j", "j"]),
    "narrow": (DARK, (80, 24), []),
    "contrast": (CONTRAST, SIZE, ["5", "tab", "j"]),
}
# The keys of the tour, and how many seconds the picture after them stays.
TOUR: list[tuple[list[str], float]] = [
    ([], 2.5),
    (["j"], 1.0),
    (["k", "tab", "j", "j"], 1.5),
    (["3", "l", "j", "j", "j"], 2.0),
    (["2", "j", "enter", "j"], 2.0),
    (["escape", "slash", "f", "l", "a"], 0.8),
    (["k", "y", "space", "l", "o"], 0.8),
    (["g", "i", "n"], 1.5),
    (["down", "down"], 1.5),
    (["ctrl+g"], 1.5),
    (["ctrl+g", "enter"], 2.0),
    (["escape", "escape", "escape", "6"], 2.0),
    (["1", "t"], 1.5),
]
_PNG_WIDTH = 1600


async def draw(workspace: Workspace, theme: str, size: tuple[int, int], keys: list[str]) -> str:
    """One scene as SVG."""
    app = make_app(workspace, theme)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        return app.export_screenshot(title="spw-tui")


async def film(workspace: Workspace) -> list[tuple[str, float]]:
    """The pictures of the tour as SVG, each with its seconds."""
    app = make_app(workspace, DARK)
    pictures = []
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for keys, seconds in TOUR:
            await press(pilot, *keys)
            pictures.append((app.export_screenshot(title="spw-tui"), seconds))
    return pictures


def animated(pictures: list[tuple[str, float]]) -> str:
    """One SVG that shows the pictures in turn, for ever; each covers the others in its time."""
    total = sum(seconds for _, seconds in pictures)
    view_box = re.search(r'viewBox="([^"]+)"', pictures[0][0])
    assert view_box
    rules, frames, at = [], [], 0.0
    for number, (svg, seconds) in enumerate(pictures):
        begin, end = 100 * at / total, 100 * (at + seconds) / total
        at += seconds
        before = f"0%,{begin - 0.01:.2f}%{{visibility:hidden}}" if number else ""
        after = f"{end:.2f}%,100%{{visibility:hidden}}" if number < len(pictures) - 1 else ""
        rules.append(
            f"@keyframes f{number}{{{before}{begin:.2f}%,{end - 0.01:.2f}%{{visibility:visible}}{after}}}"
        )
        at_rest = "hidden" if number else "visible"  # where nothing moves, the first picture stands
        rules.append(f".f{number}{{visibility:{at_rest};animation:f{number} {total:.1f}s step-end infinite}}")
        if number:  # the fonts are named once
            svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
        frames.append(f'<g class="f{number}">{svg}</g>')
    style = "\n".join(rules)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view_box[1]}"><style>{style}</style>'
        f"{''.join(frames)}</svg>\n"
    )


def to_png(svg: str, target: Path) -> bool:
    """False when there is no converter. librsvg drops blanks at the ends of texts unless told not to."""
    converter = shutil.which("rsvg-convert")
    if converter is None:
        return False
    kept = svg.replace("<text ", '<text xml:space="preserve" ').replace("&#160;", " ")
    command = [converter, "--width", str(_PNG_WIDTH), "--output", str(target)]
    subprocess.run(command, input=kept.encode(), check=True)
    return True


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "acme-shop")
        generate(root)
        workspace = Workspace.open(root)
        workspace.harvest()
        workspace.embed()
        for name, (theme, size, keys) in SCENES.items():
            svg = asyncio.run(draw(workspace, theme, size, keys))
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
            made = to_png(svg, folder / f"{name}.png")
            print(folder / f"{name}.svg", "and .png" if made else "(no rsvg-convert: no .png)")
        (folder / "tour.svg").write_text(animated(asyncio.run(film(workspace))), encoding="utf-8")
        print(folder / "tour.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")))
