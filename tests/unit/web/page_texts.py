"""Every Russian text that pages show: from their templates and from the code that hands texts to them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2.ext import babel_extract

CYRILLIC = re.compile("[а-яёА-ЯЁ]")


def in_templates(folder: Path) -> set[str]:
    """The texts in `_(...)`; of a pair that goes with a number the first form."""
    found = set()
    for template in sorted(folder.glob("*.html")):
        with template.open("rb") as source:
            messages = [message for _, _, message, _ in babel_extract(source, ("_", "counted"), (), {"encoding": "utf-8"})]
        for message in messages:
            text = message[0] if isinstance(message, tuple) else message
            assert text, f"{template}: a text must be written out where it is shown"
            found.add(text)
    return found


def untranslatable(folder: Path) -> list[str]:
    """Russian words that stand in a template outside `_(...)`."""
    bare = []
    for template in sorted(folder.glob("*.html")):
        source = re.sub(r"\{#.*?#\}", "", template.read_text("utf-8"), flags=re.DOTALL)
        source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
        bare += [f"{template.name}: {line.strip()}" for line in source.splitlines() if CYRILLIC.search(line)]
    return bare


def in_code(*files: Path) -> set[str]:
    """Russian string literals, docstrings aside; of a pair in `counted(...)` the first form."""
    return {text for file in files for text in _literals(ast.parse(file.read_text("utf-8"))) if CYRILLIC.search(text)}


def _literals(tree: ast.Module) -> Iterator[str]:
    passed_over = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "counted":
            passed_over.add(id(node.args[1]))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over:
            yield node.value


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|%\{\w+\}|\{\w+\}", text))
