"""What the training voices say: words that packages ship in many languages, shuffled.

Faker has words of prose and names, Babel (the Unicode CLDR) has the names of countries,
languages, days and months, the game Fish Fillets has dialogues. Shuffled words keep every
sound of a language in play, which is all that a mouth needs; sense it does not need.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random

from lipsync_engine.viseme.training import sources

_FAKER = {
    "en": "en_US", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "pt": "pt_BR",
    "ru": "ru_RU", "uk": "uk_UA", "pl": "pl_PL", "cs": "cs_CZ", "nl": "nl_NL", "ar": "ar_AA",
    "fa": "fa_IR", "el": "el_GR", "ja": "ja_JP", "cmn": "zh_CN", "vi": "vi_VN", "da": "da_DK",
    "fi": "fi_FI", "sv": "sv_SE", "tr": "tr_TR", "hi": "hi_IN", "ko": "ko_KR", "hu": "hu_HU",
    "ro": "ro_RO", "bg": "bg_BG", "id": "id_ID", "et": "et_EE", "az": "az_AZ", "ka": "ka_GE",
    "ta": "ta_IN", "he": "he_IL", "hr": "hr_HR", "sk": "sk_SK",
}  # fmt: skip
_CLDR = {"cmn": "zh"}
_SPACELESS = ("cmn", "ja")
_DIALOGUE = re.compile(r'dialogId\("([^"]+)",\s*"[^"]*",\s*"(.*?)"\)\s*dialogStr\("(.*?)"\)', re.S)
_TAGGED = re.compile(r'dialogId\("([^"]+)",\s*"[^"]*",\s*"(.*?)"\)')


def sentences(language: str, seed: int) -> Iterator[str]:
    """Endless sentences of 3 to 12 words, the same for the same seed; every third is prose
    where there is some."""
    chance = Random(seed)  # noqa: S311 - a choice of words is no secret
    words, prose = _words(language), _prose(language)
    while True:
        if prose and chance.random() < 1 / 3:
            yield chance.choice(prose)
            continue
        picked = [chance.choice(words) for _ in range(chance.randint(3, 12))]
        if len(picked) > 6 and chance.random() < 0.6:
            picked[len(picked) // 2] += ","
        gap = "" if language in _SPACELESS else " "
        yield gap.join(picked) + chance.choice(["."] * 5 + ["?", "!"])


def dialogues(language: str) -> dict[str, str]:
    """What is said in Fish Fillets, by the name of its recording; {} if not in this language."""
    said = {}
    for path in sorted(sources.games().glob(f"script/*/dialogs_{language}.lua")):
        text = path.read_text("utf-8", "replace")
        if language == "en":
            said.update(dict(_TAGGED.findall(text)))
        else:
            said.update({name: words for name, _, words in _DIALOGUE.findall(text)})
    return {name: words.replace('\\"', "").strip() for name, words in said.items()}


@cache
def _prose(language: str) -> tuple[str, ...]:
    lines = dialogues(language).values()
    return tuple(line for line in lines if 15 < len(line) < 160)


@cache
def _words(language: str) -> tuple[str, ...]:
    found: list[str] = []
    if language in _FAKER:
        locale = _FAKER[language]
        for provider, names in (
            ("lorem", ("word_list",)),
            ("person", ("first_names", "last_names")),
        ):
            found += _listed(provider, locale, names)
    import babel  # of the extra `train`

    cldr = babel.Locale.parse(_CLDR.get(language, language))
    found += [name for code, name in cldr.territories.items() if code.isalpha()]
    found += [name for code, name in cldr.languages.items() if len(code) == 2]
    found += [*cldr.days["format"]["wide"].values(), *cldr.months["format"]["wide"].values()]
    return tuple(sorted({word.strip() for word in found if 1 < len(word) < 40}))


def _listed(provider: str, locale: str, names: tuple[str, ...]) -> list[str]:
    try:
        module = import_module(f"faker.providers.{provider}.{locale}")
    except ModuleNotFoundError:
        return []
    lists = [getattr(module.Provider, name, ()) for name in names]
    return [word for words in lists for word in list(words)[:600]]


def own_dialogue_names(language: str) -> dict[str, Path]:
    """Recordings of Fish Fillets by name, in this language."""
    paths = sources.games().glob(f"sound/*/{language}/*.ogg")
    return {path.stem: path for path in sorted(paths)}
