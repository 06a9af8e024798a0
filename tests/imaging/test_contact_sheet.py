"""A contact sheet: rows as they were added, each picture whole, pages that end."""

from __future__ import annotations

import numpy as np
from tests.pictures import lion

from lacuna.imaging import contact_sheet
from lacuna.imaging.contact_sheet import GAP, LINE, PAPER, ContactSheet


def test_pictures_stand_in_columns_with_names_below() -> None:
    sheet = ContactSheet()
    first, second = lion()[:60, :80], lion()[100:140, 100:220]
    sheet.add([(first, "first"), (second, "second")])
    sheet.add([(second, ""), (first, "")])
    page = sheet.page()
    assert page.shape == (3 * GAP + 2 * (60 + LINE), 3 * GAP + 120 + 120, 3)
    assert np.array_equal(page[GAP : GAP + 60, GAP : GAP + 80], first)
    assert np.array_equal(page[GAP : GAP + 40, 2 * GAP + 120 : 2 * GAP + 240], second)
    below = page[GAP + 60 : GAP + 60 + LINE, GAP : GAP + 80]
    assert (below != PAPER).any()
    nameless = page[2 * GAP + 60 + LINE + 40 : 2 * GAP + 2 * (60 + LINE), GAP : GAP + 120]
    assert (nameless == PAPER).all()
    assert sheet.empty


def test_large_pictures_are_reduced_to_the_size_of_a_cell() -> None:
    sheet = ContactSheet()
    sheet.add([(np.tile(lion()[:300, :300], (4, 6, 1)), "wide")])
    assert sheet.page().shape == (2 * GAP + 341 + LINE, 2 * GAP + contact_sheet.CELL, 3)


def test_a_page_is_full_at_its_height() -> None:
    sheet = ContactSheet()
    while not sheet.full:
        sheet.add([(lion()[:300, :300], "")])
    assert contact_sheet.PAGE <= len(sheet.page()) < contact_sheet.PAGE + 400
    assert not sheet.full
