"""Every sentence of the house, collected from the code and the templates by their grammar."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

ROOMS = ("parking", "reconciliation", "payments", "qr")
SPEAKERS = {"mark", "say", "translate", "say_in_page", "_"}
#: `qr` knows no `Complaint`: its errors and remarks, and the names of what may be wrong in a code.
SPEAKERS |= {"InvalidPayload", "UnreadablePicture", "Remark", "Form", "Field", "Place"}
#: Reports: a note is spoken; a column, a table and a chart have their title second.
SPEAKERS |= {"Sentence"}
TITLED = {"Column", "Table", "Chart"}
REFUSE = "refuse"
PART = re.compile(r"%\((\w+)\)")

Found = tuple[str, str]


def trees() -> dict[Path, ast.Module]:
    """Every module, parsed."""
    files = (path for room in ROOMS for path in sorted(Path(room).rglob("*.py")))
    return {path: ast.parse(path.read_text()) for path in files}


def complaint_names(modules: dict[Path, ast.Module]) -> set[str]:
    """`Complaint` and every class that descends from it, by name."""
    classes = [
        n for tree in modules.values() for n in ast.walk(tree) if isinstance(n, ast.ClassDef)
    ]
    names = {"Complaint"}
    while True:
        heirs = {c.name for c in classes if {_name(base) for base in c.bases} & names}
        if heirs <= names:
            return names
        names |= heirs


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def in_code() -> Iterator[Found]:
    """(place, sentence) for every sentence in Python: marked, spoken, or complained with."""
    modules = trees()
    complaints = complaint_names(modules)
    for path, tree in modules.items():
        # the tariff reader builds its complaints in one place, from sentences given as `refuse(…)`
        wanted = SPEAKERS | TITLED | complaints | ({REFUSE} if "tariffs" in path.parts else set())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in wanted:
                for text in _sentences(node, _name(node.func)):
                    yield f"{path}:{node.lineno}", text


def _sentences(call: ast.Call, name: str) -> Iterator[str]:
    words = call.args[1:2] if name in (REFUSE, *TITLED) else call.args[:1]
    for word in words:
        for choice in (word.body, word.orelse) if isinstance(word, ast.IfExp) else (word,):
            if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
                yield choice.value


def in_templates() -> Iterator[Found]:
    """(place, sentence) for every ``_("…")`` in a template."""
    grammar = Environment(autoescape=True)
    for page in sorted(Path("parking/templates").rglob("*.html")):
        for call in grammar.parse(page.read_text()).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_":
                for word in call.args[:1]:
                    if isinstance(word, nodes.Const):
                        yield f"{page}:{call.lineno}", str(word.value)
