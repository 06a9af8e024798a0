"""Words of the command line that several verbs take apart in the same way."""

from __future__ import annotations

from collections.abc import Sequence

from lacuna.contract.findable import Findable
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


def sought(word: str) -> Findable:
    """What is to be looked for, by its word. Raises InvalidParameter for one that names nothing of the kind."""
    try:
        return Findable(word)
    except ValueError:
        words = ", ".join(each.value for each in Findable)
        raise InvalidParameter(
            _("“{word}” is nothing that can be looked for.").format(word=word),
            hint=_("It is one of: {words}.").format(words=words),
        ) from None
