"""Errors that nobody caught: handed to the main thread and shown once each. Light, because it is installed first."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from lacuna.i18n import _

if TYPE_CHECKING:
    from lacuna.editor.values import Message


class LastResort(QObject):
    """`sys.excepthook` and `threading.excepthook`: hands each error to `show` once, on the main thread.

    Qt goes on after an exception in a slot or a paint event, which may come again with every repaint.
    """

    def __init__(self, deliver: Callable[[Callable[[], object]], None], show: Callable[[Message], None]) -> None:
        super().__init__()
        self._deliver = deliver
        self._show = show
        self._seen: set[str] = set()

    def caught(self, kind: type[BaseException], error: BaseException | None, trace: object) -> None:
        """For both hooks: any thread."""
        import traceback

        from lacuna.editor.values import Message, Severity
        from lacuna.errors import BackendFailed

        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        assert trace is None or isinstance(trace, TracebackType)
        text = "".join(traceback.format_exception(kind, error, trace))
        if text in self._seen:
            return
        self._seen.add(text)
        if sys.stderr is not None:  # a windowed program on Windows has none
            sys.stderr.write(text)
        message = Message(
            _("Something went wrong inside Lacuna."),
            _("Your picture is as it was. The details help to mend this; please report them."),
            Severity.ERROR,
            text,
            BackendFailed("", details=text),
        )
        self._deliver(lambda: self._show(message))
