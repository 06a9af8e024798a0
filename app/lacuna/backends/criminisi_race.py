"""Whether the processor or the graphics card searches a fill of `criminisi` faster.

That depends on both, on the picture and on how far is searched. Both name the same sources: so each has a turn at the
fill itself, nothing is done twice, and the faster goes on. The pixels do not depend on who wins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any

from lacuna.backends.criminisi_card import Card, CardFailed, by_card
from lacuna.i18n import _

TRIAL = 0.1  # seconds of a turn, and what it takes from there to the next patch
OVER = object()
clock = time.perf_counter


def race(
    state: Any, by_processor: Generator[None, None, None], check: Callable[[], None], notes: list[str]
) -> Iterator[None]:
    """Fill as `by_processor` does, or faster by the card, coming back as often.

    `notes` are told where the card was given up, and why.
    """
    from lacuna.kernels.criminisi import filled
    from lacuna.kernels.criminisi_ahead import ahead_of, ask
    from lacuna.kernels.criminisi_state import FRONT

    def pace(moments: Iterator[None], least: float) -> Generator[None, None, float]:
        """Go on for some seconds, and to the end of a patch; how many pixels a second were filled."""
        first, spent, over = filled(state), 0.0, False
        while not over:
            before, began = filled(state), clock()
            over = next(moments, OVER) is OVER
            spent += clock() - began
            if spent >= least and filled(state) > before:
                break
            yield
        return (filled(state) - first) / max(spent, 1e-9)

    with closing(by_processor):  # it may be left in the middle
        try:
            processor_pace = yield from pace(by_processor, TRIAL)
            if state.numbers[FRONT] == 0:
                notes.append(_("The processor was done before the graphics card had its turn."))
                return
            card, ahead = Card(state), ahead_of(state)
            ask(state, ahead)
            card.answer(ahead, check)  # not timed: what is done first takes longer
            yield from pace(by_processor, 0.0)
            if state.came_from[ahead.targets[0]] != ahead.answers[0, 2] + 1:
                raise CardFailed(_("it chose another source than the processor"))
            moments = by_card(state, card, ahead_of(state), check)
            if (yield from pace(moments, TRIAL)) >= processor_pace:
                yield from moments
            elif state.numbers[FRONT] > 0:
                notes.append(_("The processor did this: it was faster here than the graphics card."))
        except CardFailed as failure:
            notes.append(_("The graphics card failed ({reason}): the processor did the rest.").format(reason=failure))
        yield from by_processor  # which finds nothing left where the card went on
