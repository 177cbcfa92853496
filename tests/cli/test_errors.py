"""Whatever goes wrong is one line on stderr in both languages, and an exit code that says which."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO

import click
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from parking import cli
from parking.commands.output import write, write_with
from parking.commands.speech import both
from parking.languages import translate
from payments.errors import WrongUsage
from tests.cli.conftest import Parking

SOURCES = [Path(cli.__file__), *sorted(Path(cli.__file__).parent.joinpath("commands").glob("*.py"))]

A_DAY = ("--date", "2026-11-01", "--out", "x")


def one_line(text: str) -> str:
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text.rstrip("\n")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["reconcile", "--date", "2026-13-01"], "--date 2026-13-01"),
        (["reconcile", "--date", "20261101"], "--date 20261101"),
        (["reconcile", "--date", "2026-11-01", "--as-of", "noon"], "--as-of noon"),
        (["breaks", "--date", "yesterday", "--json"], "--date yesterday"),
        (["breaks"], "--date"),
        (["breaks", "--date", "2026-11-20", "--open"], "--date"),
        (["nonsense"], "nonsense"),
        (["breaks", "--nonsense"], "--nonsense"),
        (["sign", "HK01", "--format", "gif", "--out", "x"], "png, svg"),
        (["reconcile", "--date", "9999-12-31"], "2099-12-31"),
        (["simulate", "--date", "2019-01-01", "--sessions", "1", "--out", "x"], "2024-01-01"),
        (["reconcile", "--date", "2026-11-01", "--as-of", "0001-01-01"], "--as-of 0001-01-01"),
        (["reconcile", "--date"], "--date"),
        (["trace"], "QUERY"),
        (["verify", "now"], "now"),
        (["report", "daily"], "parking report daily --help"),
        (["simulate", *A_DAY, "--sessions", "0"], "--sessions 0"),
        (["simulate", *A_DAY, "--sessions", "1", "--faults", "nan"], "--faults nan"),
        (["simulate", *A_DAY, "--sessions", "1", "--seed", "x"], "--seed x"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_the_input(
    parking: Parking, arguments: list[str], named: str
) -> None:
    said = parking(*arguments)
    assert (said.code, said.out) == (2, "")
    vietnamese, _, english = one_line(said.err).partition(" / ")
    assert named in vietnamese
    assert named in english


def test_a_bad_setting_is_named(parking: Parking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")
    said = parking("poll")
    assert said.code == 2
    assert "PORT is eighty" in one_line(said.err)


def test_an_empty_database_says_what_to_run(parking: Parking) -> None:
    said = parking("poll")
    assert said.code == 1
    assert "parking migrate" in one_line(said.err)


def test_a_database_that_is_away_is_one_line(
    parking: Parking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    said = parking("breaks", "--date", "2026-11-20")
    assert said.code == 1
    assert "DATABASE_URL" in one_line(said.err)


@click.command()
@click.argument("kind")
def stumble(kind: str) -> None:
    raise {
        "bug": ZeroDivisionError("a secret"),
        "query": IntegrityError("SELECT", {}, Exception("a secret")),
        "stop": KeyboardInterrupt(),
        "locked": OperationalError("SELECT", {}, Exception("database is locked")),
        "exit": SystemExit(3),
        "reader": BrokenPipeError(),
    }[kind]


@pytest.fixture
def stumbling(parking: Parking, monkeypatch: pytest.MonkeyPatch) -> Parking:
    monkeypatch.setitem(cli.cli.commands, "stumble", stumble)
    return parking


@pytest.mark.parametrize("kind", ["bug", "query"])
def test_what_nobody_expected_is_kept_under_a_number(
    stumbling: Parking, settings: dict[str, str], kind: str
) -> None:
    said = stumbling("stumble", kind)
    kept = Path(settings["PARKING_VAR"], "errors.log")
    assert said.code == 1
    line = one_line(said.err)
    assert "secret" not in line
    number = line.split("number ")[1].split(")")[0]
    assert number in kept.read_text()
    assert "Traceback" in kept.read_text()


def test_where_nothing_can_be_kept_the_line_still_comes(
    stumbling: Parking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARKING_VAR", "/proc/nowhere")
    said = stumbling("stumble", "bug")
    assert said.code == 1
    assert "ZeroDivisionError" in one_line(said.err)


@pytest.mark.parametrize(("kind", "code"), [("stop", 1), ("locked", 1), ("exit", 3)])
def test_other_ends_have_their_codes_too(stumbling: Parking, kind: str, code: int) -> None:
    said = stumbling("stumble", kind)
    assert said.code == code
    assert said.err.strip().count("\n") == 0


def test_a_reader_that_went_away_makes_no_noise(settings: dict[str, str]) -> None:
    command = f"{sys.executable} -m parking quote --help | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], env=settings, capture_output=True, check=False)
    assert ended.stderr == b""


def test_help_alone_is_no_error_and_no_command_is(parking: Parking) -> None:
    assert parking("--help").code == 0
    said = parking()
    assert said.code == 2
    assert "reconcile" in said.err


def spoken(path: Path) -> list[str]:
    """Sentences that a command says in both languages."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id in ("both", "tell", "mark")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]


def test_every_sentence_of_the_commands_is_vietnamese_too() -> None:
    sentences = {sentence for path in SOURCES for sentence in spoken(path)}
    assert len(sentences) > 20
    assert [s for s in sorted(sentences) if translate(s) == s] == []


def test_what_reads_the_same_in_both_languages_is_said_once() -> None:
    assert both("SANDBOX") == "SANDBOX"


def test_what_is_no_file_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe, b"figures")
    assert os.read(reader, 100) == b"figures"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link_to_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="No space left"):
        write(Path("/dev/full"), b"figures")
    (tmp_path / "folder").mkdir()
    with pytest.raises(WrongUsage, match="folder cannot be written"):
        write(tmp_path / "folder", b"figures")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def half(file: IO[bytes]) -> None:
    """Writes a half, and fails."""
    file.write(b"half")
    raise WrongUsage("The figures changed.")


def test_what_fails_half_way_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_bytes(b"yesterday")
    with pytest.raises(WrongUsage, match="figures changed"):
        write_with(tmp_path / "day.csv", half)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"yesterday"]


def test_what_fails_half_way_says_nothing_on_stdout(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    with pytest.raises(WrongUsage):
        write_with(Path("-"), half)
    assert capfdbinary.readouterr().out == b""
