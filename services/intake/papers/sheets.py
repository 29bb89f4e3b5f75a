"""Sheets as PDF/A-3a that is PDF/UA-1 too, drawn by typst out of one template; what people wrote is data, never its source (N-9.5).

Typst works outside of the interpreter's lock, so a thread is enough to keep the event loop free. The same paper gives the same bytes.
"""

import asyncio
import re
from pathlib import Path
from typing import Any, Final

import orjson
import typst

TEMPLATE: Final = Path(__file__).with_name("answer.typ")
STANDARDS: Final = ("a-3a", "ua-1")
DRAWN: Final = (
    r"\t\n\r -~\u00a0-\u024f\u0391-\u03a1\u03a3-\u03c9\u0400-\u0483\u048a-\u04ff\u2010-\u2027\u2030-\u203a\u20a0-\u20bf\u2116\u2122"
)
"""Letters and signs that typst's own fonts have in every weight that the template uses."""
FOREIGN: Final = re.compile(f"[^{DRAWN}]")
TANGLED: Final = re.compile(f"[^{DRAWN}]{{30,}}")  # a letter with thousands of accents can't be broken, and typst dies of it
CODES: Final = "Знаки, которых нет в шрифте, показаны кодами в квадратных скобках. Точный текст — во вложенном файле."


class Sheets:
    """Draws papers. Nothing is read from the machine: the fonts are those that typst brings."""

    def __init__(self) -> None:
        self._fonts = typst.Fonts(include_system_fonts=False)
        self._template = TEMPLATE.read_bytes()

    async def answer(self, paper: dict[str, Any]) -> bytes:
        """`paper`: as `domain/answer/paper.py` makes it. Signs that no font has are shown by their codes."""
        return await asyncio.to_thread(self.drawn, paper)

    def drawn(self, paper: dict[str, Any]) -> bytes:
        if TANGLED.search(_words(paper)):
            return self._compiled(_in_codes(paper))
        try:
            return self._compiled(paper)
        except typst.TypstError:  # the standards want a glyph for every sign
            return self._compiled(_in_codes(paper))

    def _compiled(self, paper: dict[str, Any]) -> bytes:
        told = {"paper": orjson.dumps(paper).decode()}
        compiler = typst.Compiler(font_paths=self._fonts, ignore_system_fonts=True)  # typst.compile remembers every paper for ever
        drawn = compiler.compile(self._template, format="pdf", pdf_standards=list(STANDARDS), sys_inputs=told)
        if not isinstance(drawn, bytes):
            raise TypeError(drawn)
        return drawn


def _words(told: Any) -> str:
    """All that will be drawn."""
    if isinstance(told, dict):
        return " ".join(_words(value) for name, value in told.items() if name != "original")
    return " ".join(map(_words, told)) if isinstance(told, list) else str(told)


def _in_codes(paper: dict[str, Any]) -> dict[str, Any]:
    """All but the original with codes in place of the signs that may have no glyph."""
    shown = {name: value if name == "original" else _coded(value) for name, value in paper.items()}
    return shown | {"says": shown["says"] | {"codes": CODES}}


def _coded(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _coded(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_coded(value) for value in told]
    return FOREIGN.sub(lambda sign: f"[U+{ord(sign[0]):04X}]", told) if isinstance(told, str) else told
