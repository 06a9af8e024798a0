"""Listeners hear in order, until they are forgotten."""

from __future__ import annotations

from lacuna.listeners import Listeners


def test_all_hear_in_the_order_in_which_they_came() -> None:
    heard: list[str] = []
    event = Listeners[[str]]()
    event.add(lambda word: heard.append("first " + word))
    forget = event.add(lambda word: heard.append("second " + word))
    event("a")
    forget()
    forget()
    event("b")
    assert heard == ["first a", "second a", "first b"]


def test_one_that_leaves_or_comes_while_others_hear_disturbs_nobody() -> None:
    heard: list[str] = []
    event = Listeners[[]]()

    def once() -> None:
        heard.append("once")
        forget()
        event.add(lambda: heard.append("late"))

    forget = event.add(once)
    event.add(lambda: heard.append("always"))
    event()
    event()
    assert heard == ["once", "always", "always", "late"]
