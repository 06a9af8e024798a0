"""The one table of actions: id, text, keys, verb, when enabled, icon, menu. Menus, bars and the shortcut sheet read it.

A verb is called with the window. It says what the person wants and leaves the deciding to the editor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from lacuna.contract.findable import Findable
from lacuna.i18n import N_

if TYPE_CHECKING:
    from lacuna.ui.main_window import MainWindow

Verb = Callable[["MainWindow"], Any]
Test = Callable[["MainWindow"], bool]


class Reach(Enum):
    """Where the keys of an action work."""

    WINDOW = "window"
    CANVAS = "canvas"  # only while the picture or results have the keyboard: other widgets need these keys themselves
    HELD = "held"  # as long as the key is down, in the whole window: `verb` at the press, `released` at the release


class Menu(Enum):
    """The menus, in their order; NONE is reached by key alone."""

    FILE = N_("&File")
    EDIT = N_("&Edit")
    TOOL = N_("&Tool")
    MASK = N_("&Mask")
    GUIDES = N_("Gui&des")
    FILL = N_("F&ill")
    VIEW = N_("&View")
    HELP = N_("&Help")
    NONE = ""


@dataclass(frozen=True)
class Row:
    """One action. `keys` are portable key sequences, the first one is shown; `starts_group` draws a line above it."""

    id: str
    text: str
    keys: tuple[str, ...]
    verb: Verb
    menu: Menu
    enabled: Test
    icon: str = ""
    checked: Test | None = None  # makes it a toggle
    reach: Reach = Reach.WINDOW
    released: Verb | None = None
    everywhere: Test | None = None  # while it holds, the keys of a CANVAS action work in the whole window
    starts_group: bool = False
    submenu: str = ""
    refusal: Callable[[MainWindow], str] | None = None  # why it is not enabled, with what helps; "" where it is


def always(_w: MainWindow) -> bool:
    return True


def has_picture(w: MainWindow) -> bool:
    return w.editor.document is not None


def has_mask(w: MainWindow) -> bool:
    return w.editor.document is not None and not w.editor.document.mask_bounds().empty


def has_guides(w: MainWindow) -> bool:
    return w.editor.document is not None and bool(w.editor.document.guides)


def has_transparency(w: MainWindow) -> bool:
    return w.editor.document is not None and w.editor.document.alpha is not None


def can_undo(w: MainWindow) -> bool:
    return w.editor.can_undo


def can_redo(w: MainWindow) -> bool:
    return w.editor.can_redo


def has_something_to_stop(w: MainWindow) -> bool:
    begun = w.editor.gesture is not None or w.editor.offer is not None or bool(w.editor.jobs)
    proposed = w.editor.proposals.shown or bool(w.editor.contours.proposed)
    return begun or proposed or w.enlarge.previewing or has_mask(w)


def is_parted(w: MainWindow) -> bool:
    return w.canvas.divider.shown


def has_results(w: MainWindow) -> bool:
    return w.editor.offer is not None and len(w.editor.offer.results) > 1


def has_fill(w: MainWindow) -> bool:
    return w.editor.document is not None and bool(w.editor.document.steps())


def _tool(tool_id: str, text: str, *keys: str, starts_group: bool = False) -> Row:
    return Row(
        f"tool.{tool_id}", text, keys, lambda w: w.editor.use(tool_id), Menu.TOOL, always, icon=tool_id,
        checked=lambda w: w.editor.tool.id == tool_id, starts_group=starts_group,
    )  # fmt: skip


def _opacity(tenths: int, text: str) -> Row:
    return Row(
        f"view.opacity.{tenths}", text, (str(tenths),), lambda w: w.prefer("overlay_opacity", tenths / 10), Menu.VIEW,
        always, checked=lambda w: round(w.editor.settings.preferences.overlay_opacity * 10) == tenths,
        submenu=N_("Mask &opacity"),
    )  # fmt: skip


def _nudge(way: str, text: str, key: str, verb: Verb, *, everywhere: Test | None = None) -> Row:
    return Row(
        f"view.nudge.{way}", text, (key,), verb, Menu.NONE, has_picture, reach=Reach.CANVAS, everywhere=everywhere
    )


# fmt: off
ROWS: tuple[Row, ...] = (
    # file
    Row("file.open", N_("&Open…"), ("Ctrl+O",), lambda w: w.files.ask_open(), Menu.FILE, always, icon="open"),
    Row("file.next", N_("&Next picture in the folder"), ("PgDown", "Alt+Right"), lambda w: w.files.step(1), Menu.FILE,
        lambda w: w.files.has_step(1), icon="next", starts_group=True),
    Row("file.previous", N_("&Previous picture in the folder"), ("PgUp", "Alt+Left"), lambda w: w.files.step(-1),
        Menu.FILE, lambda w: w.files.has_step(-1), icon="previous"),
    Row("file.save", N_("&Save"), ("Ctrl+S",), lambda w: w.files.save(), Menu.FILE, has_picture, icon="save",
        starts_group=True),
    Row("file.save_as", N_("Save &as…"), ("Ctrl+Shift+S",), lambda w: w.files.ask_save(), Menu.FILE, has_picture),
    Row("file.save_project", N_("Save pro&ject…"), ("Ctrl+Alt+S",), lambda w: w.files.ask_save_project(), Menu.FILE,
        has_picture),
    Row("file.save_recipe", N_("Sav&e recipe…"), (), lambda w: w.files.ask_save_recipe(), Menu.FILE,
        lambda w: w.editor.projects.worth_a_recipe),
    Row("file.batch", N_("&Batch…"), (), lambda w: w.dialogs.batch(), Menu.FILE, always,
        starts_group=True),
    Row("file.close", N_("&Close picture"), ("Ctrl+W",), lambda w: w.files.close(), Menu.FILE, has_picture,
        starts_group=True),
    Row("file.quit", N_("&Quit"), ("Ctrl+Q",), lambda w: w.close(), Menu.FILE, always),
    # edit
    Row("edit.undo", N_("&Undo"), ("Ctrl+Z",), lambda w: w.editor.undo(), Menu.EDIT, can_undo, icon="undo"),
    Row("edit.redo", N_("&Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), lambda w: w.editor.redo(), Menu.EDIT, can_redo,
        icon="redo"),
    Row("edit.copy", N_("&Copy result"), ("Ctrl+C",), lambda w: w.clipboard.copy(), Menu.EDIT, has_picture,
        icon="copy", starts_group=True),
    Row("edit.paste", N_("&Paste"), ("Ctrl+V",), lambda w: w.clipboard.paste(), Menu.EDIT, lambda w: w.clipboard.full),
    Row("edit.paste_picture", N_("Paste as &new picture"), (), lambda w: w.clipboard.paste_picture(), Menu.EDIT,
        lambda w: w.clipboard.full),
    Row("edit.paste_mask", N_("Paste as &mask"), (), lambda w: w.clipboard.paste_mask(), Menu.EDIT,
        lambda w: w.clipboard.full and has_picture(w)),
    Row("edit.enlarge", N_("En&large…"), ("Ctrl+Alt+I",), lambda w: w.enlarge.open(), Menu.EDIT, has_picture,
        starts_group=True),
    Row("edit.preferences", N_("Pr&eferences…"), ("Ctrl+,",), lambda w: w.dialogs.preferences(), Menu.EDIT, always,
        starts_group=True),
    Row("edit.models", N_("M&odels…"), (), lambda w: w.dialogs.models(), Menu.EDIT, always),
    # tools
    _tool("brush", N_("&Brush"), "B"),
    _tool("eraser", N_("&Eraser"), "E"),
    _tool("restore", N_("&Restore brush"), "Shift+B"),
    _tool("clone", N_("Clo&ne brush"), "C"),
    _tool("heal", N_("Heal br&ush"), "J"),
    _tool("lasso", N_("&Lasso"), "L"),
    _tool("polygon", N_("&Polygon"), "Shift+L"),
    _tool("rectangle", N_("Re&ctangle"), "M"),
    _tool("wand", N_("Magic &wand"), "W"),
    _tool("pick", N_("Pic&k an object"), "O"),
    _tool("guide", N_("&Guide line"), "G"),
    _tool("hint", N_("Colour hin&t"), "I"),
    _tool("sampling", N_("Sampl&ing area"), "S"),
    _tool("hand", N_("&Hand"), "H"),
    Row("tool.swap", N_("&Swap painting and erasing"), ("X",), lambda w: w.editor.swap_erase(), Menu.TOOL, always,
        icon="swap", starts_group=True),
    Row("tool.smaller", N_("S&maller brush"), ("[", ","), lambda w: w.editor.resize_brush(-1), Menu.TOOL, always,
        starts_group=True),
    Row("tool.larger", N_("L&arger brush"), ("]", "."), lambda w: w.editor.resize_brush(1), Menu.TOOL, always),
    Row("tool.much_smaller", N_("Much smaller brush"), ("Shift+[", "{", "Shift+,", "<"),
        lambda w: w.editor.resize_brush(-10), Menu.TOOL, always),
    Row("tool.much_larger", N_("Much larger brush"), ("Shift+]", "}", "Shift+.", ">"),
        lambda w: w.editor.resize_brush(10), Menu.TOOL, always),
    Row("tool.softer", N_("S&ofter brush"), (), lambda w: w.editor.harden_brush(-1), Menu.TOOL, always),
    Row("tool.harder", N_("Har&der brush"), (), lambda w: w.editor.harden_brush(1), Menu.TOOL, always),
    Row("tool.back", N_("Take the last corner back"), ("Backspace",), lambda w: w.editor.back(), Menu.TOOL,
        lambda w: w.editor.gesture is not None, starts_group=True),
    # mask
    Row("mask.all", N_("Select &all"), ("Ctrl+A",), lambda w: w.editor.select_all(), Menu.MASK, has_picture),
    Row("mask.clear", N_("&Clear"), ("Ctrl+D", "Del"), lambda w: w.editor.clear_mask(), Menu.MASK, has_mask,
        icon="clear"),
    Row("mask.invert", N_("&Invert"), ("Ctrl+Shift+I",), lambda w: w.editor.invert_mask(), Menu.MASK, has_picture),
    Row("mask.reuse", N_("&Reuse the last mask"), ("Ctrl+Shift+D",), lambda w: w.editor.reuse_last_mask(), Menu.MASK,
        has_picture),
    Row("mask.find_text", N_("Fin&d lettering"), ("Ctrl+Shift+L",), lambda w: w.editor.finder.find(Findable.TEXT),
        Menu.MASK, has_picture, starts_group=True),
    Row("mask.find_mosaic", N_("Find pixelated regions"), (), lambda w: w.editor.finder.find(Findable.MOSAIC),
        Menu.MASK, has_picture),
    Row("mask.find_blur", N_("Find blurred patches"), (), lambda w: w.editor.finder.find(Findable.BLUR), Menu.MASK,
        has_picture),
    Row("mask.grow", N_("&Grow"), ("Ctrl+Up",), lambda w: w.editor.grow_mask(), Menu.MASK, has_mask, starts_group=True),
    Row("mask.shrink", N_("&Shrink"), ("Ctrl+Down",), lambda w: w.editor.shrink_mask(), Menu.MASK, has_mask),
    Row("mask.feather", N_("&Feather"), ("Shift+F6",), lambda w: w.editor.feather_mask(), Menu.MASK, has_mask),
    Row("mask.edge", N_("&Edge by amounts…"), (), lambda w: w.dialogs.mask_edge(), Menu.MASK, has_mask),
    Row("mask.fill_loop", N_("Fill the &loop just drawn"), ("F",), lambda w: w.editor.fill_loop(), Menu.MASK, has_mask),
    Row("mask.import", N_("I&mport a mask…"), (), lambda w: w.files.ask_import_mask(), Menu.MASK, has_picture,
        starts_group=True),
    Row("mask.alpha", N_("From &transparency"), (), lambda w: w.editor.mask_from_transparency(), Menu.MASK,
        has_transparency),
    Row("mask.export", N_("E&xport the mask…"), ("Ctrl+Shift+M",), lambda w: w.files.ask_export_mask(),
        Menu.MASK, has_mask),
    Row("mask.crop", N_("Cro&p the picture to the mask"), (), lambda w: w.editor.crop_to_mask(), Menu.MASK, has_mask,
        starts_group=True),
    Row("mask.enlarge", N_("Enlarge the masked part…"), ("Ctrl+Alt+Shift+I",),
        lambda w: w.enlarge.open_masked(), Menu.MASK, has_mask),
    Row("mask.find_mark", N_("Find this mar&k elsewhere"), ("Ctrl+Alt+K",),
        lambda w: w.editor.marks.find_outlined(), Menu.MASK, has_mask, starts_group=True),
    Row("mask.find_mark_file", N_("Find the mark &of a file…"), (), lambda w: w.files.ask_mark(), Menu.MASK,
        has_picture),
    Row("mask.follow_mark", N_("Look for it in the &next pictures"), (),
        lambda w: w.editor.marks.follow(not w.editor.marks.followed), Menu.MASK, has_picture,
        checked=lambda w: w.editor.marks.followed),
    Row("mask.take_out", N_("Remo&ve a semi-transparent mark…"), ("Ctrl+Alt+T",),
        lambda w: w.results.ask_take_out(), Menu.MASK, has_picture),
    # guides
    Row("guides.show", N_("&Show the guides"), ("Shift+Q",), lambda w: w.show_guides(not w.canvas.show_guides),
        Menu.GUIDES, has_picture, checked=lambda w: w.canvas.show_guides),
    Row("guides.predict", N_("&Predict edges"), ("Ctrl+G",), lambda w: w.predict_edges(), Menu.GUIDES,
        lambda w: not w.editor.contours.refusal or bool(w.editor.contours.instead), icon="edges",
        refusal=lambda w: w.editor.contours.refusal),
    Row("guides.outlines", N_("Complete &outlines"), ("Ctrl+Shift+G",), lambda w: w.editor.contours.complete(),
        Menu.GUIDES, has_mask, icon="outlines"),
    Row("guides.clear", N_("&Clear"), (), lambda w: w.editor.guides.clear(), Menu.GUIDES, has_guides, icon="clear"),
    Row("guides.import", N_("&Import guides…"), (), lambda w: w.files.ask_import_guides(), Menu.GUIDES, has_picture,
        starts_group=True),
    Row("guides.export", N_("&Export the guides…"), (), lambda w: w.files.ask_export_guides(), Menu.GUIDES, has_guides),
    # fill
    Row("fill.enter", N_("&Fill, or finish what is begun"), ("Return", "Enter", "Ctrl+Return", "Ctrl+Enter"),
        lambda w: w.editor.enter(), Menu.FILL, has_picture, icon="fill"),
    Row("fill.again", N_("&Try again"), ("R",), lambda w: w.editor.try_again(), Menu.FILL, has_fill, icon="reset"),
    Row("fill.compare", N_("&Compare methods…"), ("Shift+R",), lambda w: w.results.ask_compare(), Menu.FILL,
        lambda w: has_mask(w) or has_fill(w)),
    Row("fill.mosaic", N_("Undo a &mosaic…"), ("Ctrl+Alt+M",), lambda w: w.enlarge.ask_mosaic(), Menu.FILL,
        has_picture),
    Row("fill.escape", N_("&Stop, or drop what is begun"), ("Esc",), lambda w: w.results.escape(), Menu.FILL,
        has_something_to_stop, icon="cancel"),
    Row("fill.after_stroke", N_("Fill &after each stroke"), (),
        lambda w: w.prefer("fill_after_stroke", not w.editor.settings.preferences.fill_after_stroke), Menu.FILL, always,
        icon="fill-after-stroke", checked=lambda w: w.editor.settings.preferences.fill_after_stroke, starts_group=True),
    # view
    Row("view.zoom_in", N_("Zoom &in"), ("Ctrl++", "Ctrl+="), lambda w: w.results.navigation.zoom_in(), Menu.VIEW,
        has_picture, icon="zoom-in"),
    Row("view.zoom_out", N_("Zoom &out"), ("Ctrl+-",), lambda w: w.results.navigation.zoom_out(), Menu.VIEW,
        has_picture, icon="zoom-out"),
    Row("view.fit", N_("&Fit"), ("Ctrl+0",), lambda w: w.results.navigation.fit(), Menu.VIEW, has_picture, icon="fit"),
    Row("view.actual_size", N_("&100 %"), ("Ctrl+1",), lambda w: w.results.navigation.zoom_to(1.0), Menu.VIEW,
        has_picture, icon="actual-size"),
    Row("view.mask", N_("Show the &mask"), ("Q",), lambda w: w.show_mask(not w.canvas.show_mask), Menu.VIEW,
        has_picture, icon="mask", checked=lambda w: w.canvas.show_mask, starts_group=True),
    _opacity(1, N_("10 %")), _opacity(2, N_("20 %")), _opacity(3, N_("30 %")),
    _opacity(4, N_("40 %")), _opacity(5, N_("50 %")), _opacity(6, N_("60 %")),
    _opacity(7, N_("70 %")), _opacity(8, N_("80 %")), _opacity(9, N_("90 %")),
    Row("view.compare", N_("&Compare with a slider"), ("Y",), lambda w: w.compare(not w.canvas.compare), Menu.VIEW,
        has_picture, icon="compare", checked=lambda w: w.canvas.compare, starts_group=True),
    Row("view.divider_left", N_("Move the divider left"), ("Shift+Left",), lambda w: w.canvas.divider.step(-1),
        Menu.NONE, is_parted, reach=Reach.CANVAS),
    Row("view.divider_right", N_("Move the divider right"), ("Shift+Right",), lambda w: w.canvas.divider.step(1),
        Menu.NONE, is_parted, reach=Reach.CANVAS),
    Row("view.side_by_side", N_("Results side &by side"), ("Shift+Y",),
        lambda w: w.results.show_side_by_side(not w.side_by_side.on), Menu.VIEW, lambda w: bool(w.editor.candidates),
        icon="side-by-side", checked=lambda w: w.side_by_side.on),
    Row("view.original", N_("Show the original while held"), ("\\",), lambda w: w.canvas.hold_original(True), Menu.VIEW,
        has_picture, icon="eye", reach=Reach.HELD, released=lambda w: w.canvas.hold_original(False)),
    Row("view.origin", N_("Show &where filled pixels came from"), (),
        lambda w: w.prefer("show_origin", not w.editor.settings.preferences.show_origin), Menu.VIEW, has_picture,
        checked=lambda w: w.editor.settings.preferences.show_origin),
    Row("view.contours", N_("Co&ntours"), ("Shift+G",), lambda w: w.show_contours(not w.canvas.contours.on), Menu.VIEW,
        has_picture, icon="contours", checked=lambda w: w.canvas.contours.on),
    Row("view.edges", N_("Show predicted &edges"), (),
        lambda w: w.prefer("show_edges", not w.editor.settings.preferences.show_edges), Menu.VIEW, has_picture,
        checked=lambda w: w.editor.settings.preferences.show_edges),
    Row("view.magnifier", N_("Magnifier while held"), ("`",), lambda w: w.magnify(True), Menu.VIEW,
        has_picture, icon="magnifier", reach=Reach.HELD, released=lambda w: w.magnify(False)),
    Row("view.full_screen", N_("F&ull screen"), ("F11",), lambda w: w.toggle_full_screen(), Menu.VIEW, always,
        checked=lambda w: w.isFullScreen(), starts_group=True),
    _nudge("left", N_("Nudge the view left, or show the result before"), "Left", lambda w: w.results.sideways(-1),
        everywhere=has_results),
    _nudge("right", N_("Nudge the view right, or show the next result"), "Right", lambda w: w.results.sideways(1),
        everywhere=has_results),
    _nudge("up", N_("Nudge the view up, or choose the result above"), "Up", lambda w: w.results.upright(-1)),
    _nudge("down", N_("Nudge the view down, or choose the result below"), "Down", lambda w: w.results.upright(1)),
    # help
    Row("help.shortcuts", N_("&Keyboard shortcuts"), ("F1", "?"), lambda w: w.dialogs.shortcuts(), Menu.HELP, always),
    Row("help.about", N_("&About Lacuna"), (), lambda w: w.dialogs.about(), Menu.HELP, always, starts_group=True),
)
# fmt: on

BY_ID: dict[str, Row] = {row.id: row for row in ROWS}
