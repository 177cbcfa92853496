"""The house rules that can be read off the source: which room may know which, and how big things get."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: A package may import those to its right, never to its left.
LEVELS = ("parking", "reconciliation", "payments", "qr")

LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION = 400, 60, 12

#: Inside `payments`: a module may import those of its own rank and of lower ones.
RANKS = {
    "payments.web": 4,
    "payments.polling": 3,
    "payments.sweeping": 3,
    "payments.cancelling": 3,
    "payments.checkout": 3,
    "payments.refunds": 3,
    "payments.settlement": 3,
    "payments.service": 2,
    "payments.ledger": 1,
    "payments.audit": 1,
    "payments.accounts": 1,
    "payments.models": 0,
    "payments.db": -1,
}

#: What a rail may know of us, besides its own files: no database, no web framework, no clock.
PROVIDER_MAY_IMPORT = {
    "payments.provider",
    "payments.money",
    "payments.errors",
    "payments.codes",
    "payments.bank_transfers",
    "payments.narratives",
    "qr.vietqr",
}
PROVIDER_MAY_NOT_IMPORT = {"flask", "sqlalchemy", "jinja2", "parking", "reconciliation"}

#: The rooms people walk into; only the composition knows that they exist.
AUDIENCES = {"driver", "attendant", "finance", "admin", "inspector", "api"}

#: Where amounts are computed. The sandbox's own odds (a share of notices) are no money.
MONEY = (
    "payments",
    "reconciliation",
    "parking/tariffs",
    "parking/receipts",
    "parking/sessions",
    "parking/reports",
)
ODDS = {"payments/http.py", "payments/sandbox/config.py", "payments/sandbox/serve.py"}
#: Lengths on paper are no money either: figures come there as the text that is shown.
PAPER = "reconciliation/reports/paper"


def name_of(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def sources() -> dict[str, Path]:
    """Module name → file, of everything we ship."""
    files = (path for level in LEVELS for path in sorted((ROOT / level).rglob("*.py")))
    return {name_of(path): path for path in files}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def targets(module: str, node: ast.AST) -> Iterator[str]:
    """The modules an import statement reaches: of ours exactly, of others by name."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{module}:{node.lineno}: relative imports hide where they lead"
        assert node.module is not None
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in sources() else node.module


@cache
def imports() -> dict[str, set[str]]:
    """Module → every module it imports, at the top, in functions and for type checkers alike."""
    return {
        module: {t for node in ast.walk(tree(path)) for t in targets(module, node)}
        for module, path in sources().items()
    }


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def level(module: str) -> int | None:
    top = module.split(".")[0]
    return LEVELS.index(top) if top in LEVELS else None


def edges() -> Iterator[tuple[str, str]]:
    for module, reached in imports().items():
        yield from ((module, target) for target in sorted(reached))


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def test_imports_point_one_way() -> None:
    upwards = [
        f"{module} imports {target}"
        for module, target in edges()
        if (below := level(target)) is not None and below < (level(module) or 0)
    ]
    assert upwards == []


def test_no_file_of_ours_knows_the_tests() -> None:
    assert [edge for edge in edges() if within(edge[1], "tests")] == []


def test_there_are_no_import_cycles() -> None:
    assert cycles({m: {t for t in r if t in sources()} for m, r in imports().items()}) == []


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Every import circle found on a depth-first walk, as the modules it runs through."""
    done: set[str] = set()
    found: list[list[str]] = []

    def walk(module: str, path: list[str]) -> None:
        if module in path:
            found.append([*path[path.index(module) :], module])
        elif module not in done:
            for target in sorted(graph[module]):
                walk(target, [*path, module])
            done.add(module)

    for module in graph:
        walk(module, [])
    return found


def test_the_walk_for_cycles_finds_one() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c", "b"]]


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        place(path, node)
        for path in sources().values()
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def rank(module: str) -> int | None:
    return next((r for name, r in RANKS.items() if within(module, name)), None)


def test_inside_payments_web_knows_services_and_services_know_models() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, target in edges()
        if (above := rank(module)) is not None
        and (below := rank(target)) is not None
        and below > above
    ]
    assert wrong == []


def test_a_provider_sees_values_and_nothing_else() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, target in edges()
        if within(module, "payments.providers")
        and (
            target.split(".")[0] in PROVIDER_MAY_NOT_IMPORT
            or (
                within(target, "payments")
                and not within(target, "payments.providers")
                and target not in PROVIDER_MAY_IMPORT
            )
        )
    ]
    assert wrong == []


def test_the_sandbox_is_an_outside_party() -> None:
    """It may use our tools (database kit, money, http), never our records of payments."""
    ours = {"payments.models", "payments.service", "payments.web", "payments.ledger"}
    wrong = [
        f"{module} imports {target}"
        for module, target in edges()
        if within(module, "payments.sandbox") and target in ours
    ]
    assert wrong == []


def test_only_the_composition_knows_every_room() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, target in edges()
        if (parts := target.split("."))[0] == "parking"
        and len(parts) > 1
        and parts[1] in AUDIENCES
        and module != "parking.app"
        and not within(module, f"parking.{parts[1]}")
    ]
    assert wrong == []


def test_nobody_imports_the_composition_but_the_doors() -> None:
    doors = {"parking", "parking.cli"}
    knowing = {module for module, target in edges() if within(target, "parking.app")}
    assert knowing <= doors


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    yield from (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def own_files() -> list[Path]:
    return [*sources().values(), *sorted((ROOT / "tests").rglob("*.py"))]


def test_no_file_is_too_long_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in own_files()
        if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_function_is_too_long_to_read() -> None:
    long = {
        f"{place(path, function)} {function.name}": length(function)
        for path in own_files()
        for function in functions(path)
        if length(function) > LONGEST_FUNCTION
    }
    assert long == {}


def test_the_ordinary_function_is_short() -> None:
    lengths = [length(f) for path in sources().values() for f in functions(path)]
    assert statistics.median(lengths) < MEDIAN_FUNCTION


def floats(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"
        divided = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        if (literal or called or divided) and not joins_paths(node):
            yield place(path, node)


def joins_paths(node: ast.AST) -> bool:
    """`folder / "name"` and `path.parent / name` divide nothing."""
    if not isinstance(node, ast.BinOp):
        return False
    named = isinstance(node.right, ast.JoinedStr) or (
        isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)
    )
    return named or (isinstance(node.left, ast.Attribute) and node.left.attr == "parent")


def test_no_float_touches_money() -> None:
    files = [
        path
        for room in MONEY
        for path in sorted((ROOT / room).rglob("*.py"))
        if str(path.relative_to(ROOT)) not in ODDS and not path.is_relative_to(ROOT / PAPER)
    ]
    assert len(files) > 20
    assert [found for path in files for found in floats(path)] == []


def test_the_clock_is_handed_in() -> None:
    """`now()` stands in a clock function and nowhere else, and never without a zone."""
    asked = [
        (place(path, node), node)
        for path in sources().values()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today")
        and getattr(node.func.value, "id", "") in ("datetime", "date")
    ]
    assert [where for where, call in asked if not call.args and not call.keywords] == []
    assert {where.split(":")[0] for where, _ in asked} <= {
        "parking/app.py",
        "payments/sandbox/config.py",
    }


def test_every_path_the_readme_names_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    named = re.findall(r"`([\w.-]*/[\w./-]*|[\w-]+\.(?:md|toml|cfg|py))`", readme)
    named += re.findall(r"\]\((?!https?:|#)([^)#\s]+)", readme)
    assert len(named) > 5
    made = ("var/", ".venv")
    missing = [p for p in named if not p.startswith(made) and not (ROOT / p).exists()]
    assert missing == []
