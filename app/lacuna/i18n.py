"""Words for people, through gettext: `_` at use, `N_` in tables that are built at import.

Catalogues are `resources/translations/LANG/LC_MESSAGES/lacuna.mo`; English stands in the code.
"""

from __future__ import annotations

import gettext
import locale
import os

from lacuna import paths

_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def N_(text: str) -> str:
    """Mark `text` for translation without translating it yet."""
    return text


def _(text: str) -> str:
    """`text` in the language in use; the empty text stays empty."""
    return _catalogue.gettext(text) if text else text


def ngettext(one: str, many: str, count: int) -> str:
    """`one` or `many`, by the plural rule of the language in use."""
    return _catalogue.ngettext(one, many, count)


def languages() -> list[str]:
    """Codes of the languages there are words for, English first."""
    folder = paths.resources() / "translations"
    found = sorted(p.parent.parent.name for p in folder.glob("*/LC_MESSAGES/lacuna.mo"))
    return ["en", *found]


def system_language() -> str:
    """The language the system asks for, such as `zh_CN`; `en` where it asks for none."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").split(":")[0].split(".")[0]
        if value:
            return "en" if value in ("C", "POSIX") else value
    return locale.getlocale()[0] or "en"


def use_language(code: str) -> str:
    """Speak `code` from now on ("" = the system's); returns the language that was found, `en` if none fits."""
    global _catalogue
    wanted = code or system_language()
    folder = str(paths.resources() / "translations")
    try:
        translation = gettext.translation("lacuna", folder, languages=[wanted, wanted.split("_")[0]])
    except OSError:
        _catalogue = gettext.NullTranslations()
        return "en"
    _catalogue = translation
    return (translation.info() or {}).get("language", wanted)
