"""`python -m tests.make_screenshots [DIR]`: the pictures of the README, from the running app on the demo.

Writes SVG files, and PNG files beside them when `rsvg-convert` is installed (with the font Fira Code).
"""

from __future__ import annotations

import asyncio
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
    "wide": (DARK, (180, 44), ["4", "tab", "j", "j"]),
    "trace": (LIGHT, SIZE, ["6", "tab"]),
    "narrow": (DARK, (80, 24), []),
    "contrast": (CONTRAST, SIZE, ["5", "tab", "j"]),
}
_PNG_WIDTH = 1600


async def draw(workspace: Workspace, theme: str, size: tuple[int, int], keys: list[str]) -> str:
    """One scene as SVG."""
    app = make_app(workspace, theme)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        return app.export_screenshot(title="spw-tui")


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
        for name, (theme, size, keys) in SCENES.items():
            svg = asyncio.run(draw(workspace, theme, size, keys))
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
            made = to_png(svg, folder / f"{name}.png")
            print(folder / f"{name}.svg", "and .png" if made else "(no rsvg-convert: no .png)")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")))
