"""The command around the verbs: version, help, lists, the doctor, and the window that needs a display."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lacuna
from lacuna import __main__ as program
from lacuna import paths
from lacuna.cli import doctor, screen
from lacuna.cli.main import main
from lacuna.contract.fill import Context, Needs
from lacuna.contract.guides import Guide
from lacuna.engine import cores, device
from tests.engine.backends import Scripted, constant, installed


def test_the_command_tells_its_version_and_its_verbs() -> None:
    for words, expected in ((["--version"], f"lacuna {lacuna.__version__}"), (["--help"], "doctor")):
        done = subprocess.run([sys.executable, "-m", "lacuna", *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert expected in done.stdout


def test_an_unknown_option_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--nonsense"]) == (2, False)
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["nosuchverb", "missing.jpg"])
def test_a_word_that_is_no_verb_and_no_file_is_wrong_usage(word: str) -> None:
    done = subprocess.run([sys.executable, "-m", "lacuna", word], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert word in done.stderr
    assert ", ".join(program.VERBS) in done.stderr


def test_backends_are_listed_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backends"])[0] == 0
    text = capsys.readouterr().out
    assert "telea" in text
    assert "--set radius=3" in text
    assert "1 .. 20 px" in text
    assert main(["backends", "--json"])[0] == 0
    listed = {backend["id"]: backend for backend in json.loads(capsys.readouterr().out)}
    assert {"membrane", "telea", "ns", "criminisi", "patchmatch"} <= set(listed)
    telea = listed["telea"]
    assert telea["devices"] == ["cpu"]
    assert telea["guides"] == ["line"]
    assert telea["model"] is None
    assert telea["size"] == {"minimum": 1, "multiple": 1, "max_pixels": None}
    assert telea["interruptible"] is False
    assert telea["params"][0]["name"] == "radius"
    assert (telea["params"][0]["low"], telea["params"][0]["high"], telea["params"][0]["default"]) == (1, 20, 3)


def test_capabilities_of_any_backend_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    needs = Needs(
        guides=frozenset({Guide.LINE}),
        model="weights",
        context=Context(64, 1.0),
        max_pixels=99,
        devices=frozenset({"cpu", "cuda"}),
    )
    with installed(Scripted(constant(0), needs)):
        main(["backends"])
        text = capsys.readouterr().out
        main(["backends", "--json"])
        found = json.loads(capsys.readouterr().out)[-1]
    assert "runs on cpu, cuda; follows line; needs the model “weights”; up to 99 pixels at full size" in text
    assert (found["guides"], found["model"], found["size"]["max_pixels"]) == (["line"], "weights", 99)
    assert found["context"] == {"minimum": 64, "share": 1.0}


def test_a_reader_that_has_read_enough_is_no_failure_to_talk_about() -> None:
    command = f"{sys.executable} -m lacuna backends --json | head -c 10"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (len(done.stdout), done.stderr) == (10, "")


# --- doctor -----------------------------------------------------------------------------------------------------------
def test_the_doctor_reports_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"])[0] == 0
    found = json.loads(capsys.readouterr().out)
    assert found["program"]["lacuna"] == lacuna.__version__
    assert all(found["libraries"].values())
    assert set(found["extras"]) == {"heif", "torch", "train", "metrics", "cluster"}
    assert found["backends"]["telea"] == "ready"
    assert "offscreen" in found["window"]["platform_plugins"]
    assert found["folders"]["config"]["path"].startswith(os.environ["LACUNA_HOME"])
    assert found["folders"]["resources"]["present"]


def test_the_doctor_names_what_is_wrong_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "present", lambda: False)
    monkeypatch.setattr(screen, "missing_libraries", lambda: ["libEGL.so.1"])
    found = doctor.findings()
    found["libraries"]["numpy"] = None
    found["folders"]["data"]["writable"] = False
    found["backends"]["broken"] = "“broken” cannot be used."
    text = " ".join(doctor.problems(found))
    for expected in ("numpy", "no display", "sudo apt install libegl1", "sudo dnf install", "data", "“broken”"):
        assert expected in text


def test_the_doctor_speaks_to_people_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"])[0] == 0
    text = capsys.readouterr().out
    for expected in ("opencv-python-headless", "telea", "platform plugins", "memory available"):
        assert expected in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_the_doctor_says_numbers_to_people_as_people_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cores, "count", lambda: 2)
    monkeypatch.setattr(cores, "_windowed", False)
    monkeypatch.setattr(device, "available_memory", lambda: 22_858_448_896)
    assert main(["doctor"])[0] == 0
    lines = {line[4:28].strip(): line[29:] for line in capsys.readouterr().out.splitlines()}
    assert lines["memory available"] == "22.9 GB"
    assert lines["space free"].endswith(("MB", "GB"))
    assert lines["threads"] == "2, one less beside a window"
    assert main(["doctor", "--json"])[0] == 0
    assert json.loads(capsys.readouterr().out)["devices"]["memory_available"] == 22_858_448_896


def test_the_doctor_lists_the_folders_that_are_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"])[0] == 0
    found = json.loads(capsys.readouterr().out)["folders"]
    assert set(found) == {"config", "data", "cache", "resources", "models", "space_free"}


# --- the window or the command line -----------------------------------------------------------------------------------
@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The files that a window was asked to open, in place of a window."""
    from lacuna.ui import application

    files: list[list[str]] = []
    monkeypatch.setattr(application, "main", lambda given: files.append(list(given)) or 0)  # type: ignore[func-returns-value]
    return files


@pytest.mark.parametrize(
    ("words", "files"),
    [([], []), (["a.png", "b.jpg"], ["a.png", "b.jpg"]), (["./fill"], ["./fill"]), (["--", "-odd.png"], ["-odd.png"])],
)
def test_a_file_opens_the_window_even_if_it_has_the_name_of_a_verb(
    words: list[str], files: list[str], opened: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in files:
        Path(name).touch()
    assert program.main(words) == 0
    assert opened == [files]


def test_a_verb_opens_no_window(opened: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["backends"]) == 0
    assert opened == []
    assert "telea" in capsys.readouterr().out


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in names}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
@pytest.mark.parametrize("display", ["", ":9731", "no-such-host.invalid:3", "nonsense"])
def test_without_a_display_one_sentence_says_so(display: str) -> None:
    environment = without("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if display:
        environment["DISPLAY"] = display
    command = [sys.executable, "-m", "lacuna", str(paths.resources() / "samples" / "lion.jpg")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "no display" in done.stderr
    assert "lacuna fill" in done.stderr


def test_a_screen_that_needs_no_server_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen:size=800x600")
    monkeypatch.delenv("DISPLAY", raising=False)
    assert screen.present()
    assert screen.problem() == ""


def test_a_system_library_that_is_missing_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    real = __import__

    def without_qt(name: str, *rest: Any) -> Any:
        if name.startswith("PySide6"):
            raise ImportError("libEGL.so.1: cannot open shared object file")
        return real(name, *rest)

    monkeypatch.setattr(screen, "present", lambda: True)
    monkeypatch.setattr(screen, "missing_libraries", lambda: ["libEGL.so.1"])
    with monkeypatch.context() as patch:
        patch.setattr("builtins.__import__", without_qt)
        said = screen.problem()
    assert "libEGL.so.1" in said
    assert "sudo apt install libegl1" in said
    assert "\n" not in said


def test_the_command_line_does_not_load_the_window() -> None:
    code = (
        "import sys; from lacuna.__main__ import main; main(['backends']); "
        "print({'PySide6', 'torch', 'onnxruntime', 'PIL', 'scipy', 'numba'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"


# --- bench ------------------------------------------------------------------------------------------------------------
def test_the_benchmarks_are_handed_their_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lacuna.bench import main as benchmarks

    asked: list[tuple[list[str], bool]] = []
    monkeypatch.setattr(benchmarks, "run", lambda names, as_json: asked.append((names, as_json)) or 1)  # type: ignore[func-returns-value]
    assert main(["bench", "fills", "--json"])[0] == 1
    assert main(["bench"])[0] == 1
    assert asked == [(["fills"], True), ([], False)]
    assert main(["bench", "--list"])[0] == 0
    assert "fills" in capsys.readouterr().out


def test_a_benchmark_leaves_nothing_behind(tmp_path: Path) -> None:
    code = "from lacuna.bench.window import open_window, close_window; close_window(open_window())"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.glob("lacuna-*")) == []
