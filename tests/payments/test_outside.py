"""Providers of other packages: installed for real, and refused when they are not whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from payments.outside import ACTS, FACTS, GROUP, BadProvider, merged
from payments.providers.sandbox import SandboxProvider
from tests.payments.word_of_mouth import WordOfMouth

EXAMPLE = Path("docs/example-provider")

#: Asks the composition itself, in a process that finds the installed package.
ASK = """
import json, sys
from pathlib import Path
from parking.app import called_hosts, checkout_origins, registry
from parking.config import Config
config = Config.from_env({"PARKING_VAR": sys.argv[1]})
rails = registry(config)
print(json.dumps({
    "names": sorted(rails),
    "file": sys.modules[rails["envelope"].__module__].__file__,
    "hosts": called_hosts(config, rails),
    "origins": checkout_origins(config, rails),
}))
"""


def offered(target: str, name: str = "other") -> EntryPoint:
    return EntryPoint(name, target, GROUP)


def test_an_installed_package_brings_its_provider(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(EXAMPLE, source)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    install = [sys.executable, "-m", "pip", "install", "-q", *options, "--target", str(target)]
    subprocess.run([*install, str(source)], check=True, capture_output=True)
    search = os.pathsep.join((str(target), str(Path.cwd())))
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path / "var")],
        env={**os.environ, "PYTHONPATH": search},
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(asked.stdout)
    assert {"envelope", "sandbox"} <= set(found["names"])
    assert Path(found["file"]).parent == target
    assert "sandbox.envelope.example" in found["hosts"]
    assert "https://sandbox.envelope.example" in found["origins"]
    assert "api.envelope.example" not in found["hosts"]


def test_no_package_takes_the_name_of_another_provider() -> None:
    entry = offered("tests.payments.word_of_mouth:WordOfMouth", "sandbox")
    with pytest.raises(BadProvider, match="offers a payment provider sandbox"):
        merged({"sandbox": SandboxProvider}, [entry])


def test_two_packages_cannot_share_a_name() -> None:
    entry = offered("tests.payments.word_of_mouth:WordOfMouth", WordOfMouth.name)
    assert merged({}, [entry]) == {WordOfMouth.name: WordOfMouth}
    with pytest.raises(BadProvider, match="there is one already"):
        merged({}, [entry, entry])


def test_a_provider_calls_itself_as_its_package_does() -> None:
    entry = offered("tests.payments.word_of_mouth:WordOfMouth", "whisper")
    with pytest.raises(BadProvider, match="as whisper that calls itself word-of-mouth"):
        merged({}, [entry])


@pytest.mark.parametrize("target", ["tests.nowhere:Rail", "tests.payments.word_of_mouth:Rail"])
def test_what_cannot_be_loaded_is_named(target: str) -> None:
    with pytest.raises(BadProvider, match=r"provider other of package tests.* cannot be loaded"):
        merged({}, [offered(target)])


@pytest.mark.parametrize("part", [*FACTS, *ACTS])
def test_a_class_that_lacks_a_part_is_refused(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = offered("tests.payments.word_of_mouth:WordOfMouth", WordOfMouth.name)
    monkeypatch.delattr(WordOfMouth, part)
    with pytest.raises(BadProvider, match=f"lacks: {part}"):
        merged({}, [entry])
