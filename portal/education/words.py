"""Words that a lesson does not say of people. In quotation marks they may be spoken about."""

import re
from collections.abc import Iterator

UNKIND = {
    "en": "addict addicts alcoholic alcoholics clean dirty enabler enablers enabling codependent"
    " junkie junkies abuser abusers user users druggie non-compliant relapser",
    "es": "adicto adicta adictos adictas drogadicto drogadicta drogadictos drogadictas alcohólico"
    " alcohólica alcohólicos alcohólicas codependiente codependientes toxicómano toxicómana limpio"
    " limpia sucio sucia vicioso vicio borracho borracha",
}
"""After NIDA's "Words Matter" and the style of this product."""

_QUOTED = re.compile(r"“[^”]*”|«[^»]*»")


def unkind(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Each such word outside quotation marks, with its line from 1."""
    pattern = re.compile(rf"\b({'|'.join(UNKIND[language].split())})\b", re.IGNORECASE)
    for number, line in enumerate(text.split("\n"), 1):
        for match in pattern.finditer(_QUOTED.sub("", line)):
            yield number, match[0]
