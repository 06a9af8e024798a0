"""The edge of the command line: words in, exit code out; every error becomes one line on stderr.

0 done; 1 failed (a file, a mask, a backend); 2 wrong usage: an unknown option, backend, model, device or setting, or a
value that it does not take; 130 stopped by Ctrl+C.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from lacuna import i18n
from lacuna.errors import InvalidParameter, LacunaError, UnknownBackend, UnknownModel
from lacuna.i18n import _

DONE, FAILED, USAGE, STOPPED = 0, 1, 2, 130


def main(words: list[str]) -> tuple[int, bool]:
    """Run a verb. The exit code, and whether a call that cannot be stopped is still running."""
    i18n.use_language("")
    from lacuna.cli.runner import Stopped  # with the language set, so that all texts below are in it

    try:
        return _run(words), False
    except Stopped as stopped:
        return STOPPED, stopped.stuck
    except KeyboardInterrupt:
        return STOPPED, False
    except LacunaError as error:
        say(str(error))
        return (USAGE if isinstance(error, InvalidParameter | UnknownBackend | UnknownModel) else FAILED), False
    except BrokenPipeError:  # whoever read our answer has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED, False
    except Exception as error:  # a mistake of ours must not show a page of code to who only wants a picture mended
        if os.environ.get("LACUNA_DEBUG"):
            traceback.print_exc()
        reason = f"{type(error).__name__}: {error}"
        say(
            _(
                "Something unforeseen happened ({reason}). Run it again with LACUNA_DEBUG=1 and report what it says."
            ).format(reason=reason)
        )
        return FAILED, False


def no_such(word: str, verbs: Sequence[str]) -> int:
    """Say that the first word is neither a verb nor a file; the exit code."""
    i18n.use_language("")
    sentence = _("There is no verb and no file “{word}”. The verbs are: {verbs}.")
    say(sentence.format(word=word, verbs=", ".join(verbs)))
    return USAGE


def say(text: str) -> None:
    """One line on stderr, whatever `text` holds."""
    print(f"lacuna: {' '.join(text.split())}", file=sys.stderr)


def _run(words: list[str]) -> int:
    import typer
    from typer.main import get_command

    from lacuna.cli.verbs import app

    command = get_command(app)
    try:
        code = command.main(args=words or ["--help"], prog_name="lacuna", standalone_mode=False)
    except typer.Exit as end:
        return int(end.exit_code)
    except typer.Abort:
        return STOPPED
    except Exception as error:
        told = getattr(error, "format_message", None)  # click's own errors, whichever copy of click typer uses
        if told is None:
            raise
        _say_usage(told(), getattr(getattr(error, "ctx", None), "command_path", None) or "lacuna")
        return int(getattr(error, "exit_code", USAGE))
    return int(code or DONE)


def _say_usage(sentence: str, command: str) -> None:
    """What typer found wrong, as one of our lines. It words that in English alone, so the next step is ours."""
    ended = sentence if sentence.endswith(".") else f"{sentence}."
    hint = _("See “{command} --help”.").format(command=command)
    say(f"{ended} {hint}")
