"""Where the program begins: a verb goes to the command line, anything else opens the window. Each imports its own."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

VERBS = (
    "fill", "find", "upscale", "render", "batch", "marks", "evaluate", "evaluate-sr", "evaluate-marks",
    "train", "backends", "models", "doctor", "bench"
)  # fmt: skip


def main(words: Sequence[str] | None = None) -> int:
    """Run `words`, by default the process's own; returns the exit code. A file that is named as a verb: `./fill`."""
    words = sys.argv[1:] if words is None else list(words)
    if words and (words[0] in VERBS or (words[0].startswith("-") and words[0] != "--")):
        from lacuna.cli.main import main as command_line

        code, stuck = command_line(list(words))
        if stuck:  # a call that cannot be stopped still runs in its thread; Python would wait for it, or crash over it
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        return code
    if words and words[0] != "--" and not os.path.exists(words[0]):
        from lacuna.cli.main import no_such

        return no_such(words[0], VERBS)
    from lacuna.cli import screen

    problem = screen.problem()
    if problem:
        print(f"lacuna: {problem}", file=sys.stderr)
        return 1
    gc.disable()  # the start makes much and drops nothing; the window enables it again
    from lacuna.ui import application

    return application.main([word for word in words if word != "--"])


if __name__ == "__main__":
    sys.exit(main())
