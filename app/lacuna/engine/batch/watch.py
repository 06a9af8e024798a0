"""How far a batch is, by how far each of its files is."""

from __future__ import annotations

from lacuna.contract.progress import Progress
from lacuna.i18n import _


class Watch:
    """Tells `progress`. `running` are the files that are being worked on, by their numbers, with how far they are."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.running: dict[int, float] = {}
        self._total = max(1, total)
        self._progress = progress
        self._over = 0

    def advance(self, number: int, fraction: float) -> None:
        """A file has come so far."""
        self.running[number] = fraction
        self._move()

    def finished(self, number: int) -> None:
        self.running.pop(number, None)
        self._over += 1
        self._move()

    def _move(self) -> None:
        stage = _("{count} of {total} files").format(count=self._over, total=self._total)
        self._progress.at((self._over + sum(self.running.values())) / self._total, stage)
