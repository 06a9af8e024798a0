"""Words for people, through gettext: `_` at use, `N_` in tables that are built at import.

Catalogues are `resources/translations/LANG/LC_MESSAGES/lacuna.mo`; English stands in the code.
"""

from __future__ import annotations

import gettext
import locale
import os
import sys

from lacuna import paths

_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def N_(text: str) -> str:
    """Mark `text` for translation without translating it yet."""
    return text


def _(text: str) -> str:
    """`text` in the language in use; the empty text stays empty."""
    return _catalogue.gettext(text) if text else text


def ngettext(one: str, many: str, count: int) -> str:
    """`one` or `many`, by the plural rule of the language in use."""
    return _catalogue.ngettext(one, many, count)


def language() -> str:
    """The code of the language in use."""
    return _language


def languages() -> list[str]:
    """Codes of the languages there are words for, English first."""
    folder = paths.resources() / "translations"
    found = sorted(p.parent.parent.name for p in folder.glob("*/LC_MESSAGES/lacuna.mo"))
    return ["en", *found]


def system_languages() -> list[str]:
    """Codes of the languages that the system asks for, the best liked first, such as `["zh_CN", "en"]`."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        codes = [code.split(".")[0].split("@")[0] for code in os.environ.get(name, "").split(":")]
        if any(codes):
            return ["en" if code in ("C", "POSIX") else code.replace("-", "_") for code in codes if code]
    if sys.platform == "win32":  # there `locale` answers with names such as "Chinese (Simplified)_China"
        import ctypes

        return [locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "en")]
    return [locale.getlocale()[0] or "en"]


def use_language(code: str) -> str:
    """Speak `code` from now on ("" = the system's); returns the language that was found, `en` if none fits."""
    global _catalogue, _language
    known = languages()
    for wanted in [code] if code else system_languages():
        found = _nearest(wanted, known)
        if found == "en":
            break
        if found:
            _catalogue = gettext.translation("lacuna", str(paths.resources() / "translations"), languages=[found])
            _language = found
            return found
    _catalogue = gettext.NullTranslations()
    _language = "en"
    return _language


def _nearest(wanted: str, known: list[str]) -> str:
    """The language of `known` that a reader of `wanted` can read, or ""."""
    language, *rest = wanted.split("_")
    if language == "zh" and any(part in ("Hant", "TW", "HK", "MO") for part in rest):
        return next((code for code in known if code == wanted), "")  # the other script
    exact = [code for code in known if code == wanted]
    return next(iter(exact or [code for code in known if code.split("_")[0] == language]), "")
