"""Words of the command line that several verbs take apart in the same way."""

from __future__ import annotations

from collections.abc import Sequence

from lacuna.errors import InvalidParameter
from lacuna.i18n import _


def pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """NAME=VALUE, each given by `option`, by name. Raises InvalidParameter for another form."""
    values = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            hint = _("Write it as {option} NAME=VALUE.").format(option=option)
            raise InvalidParameter(_("“{word}” is no setting.").format(word=word), hint=hint)
        values[name.strip()] = value.strip()
    return values
