"""What a path segment identifies: the rules that turn ``42`` into ``:id`` and leave ``v2`` alone.

A segment is judged with its percent-escapes of ASCII decoded once. The first rule that holds decides:

================ ====================================================================================================
``:email``       an e-mail address (not the ``@2x`` of an image name)
``:date``        a day, month, ISO week or instant of 1900-2099: ``2024-02-29``, ``2024-02``, ``20240229``,
                 ``2024.02.29``, ``29-02-2024``, ``2024-W09``, ``2024-02-29T12:00:00Z``; a bare year is a number
``:id``          digits, or several numbers joined by commas or semicolons: ``42``, ``-1``, ``3,17,99``
``:number``      a decimal with three places or more, or several joined by commas: ``52.5200,13.4050``
``:uuid``        a UUID, also in braces or behind ``urn:uuid:``
``:ulid``        a ULID
``:hex``         8 hexadecimal characters or more, letters and digits among them; ``0x..``; a ``sha256:..`` digest
``:ip`` ``:mac`` an IPv4 or IPv6 address; an Ethernet address
``:token``       a JSON Web Token; a key with a prefix (``cus_NffrFeUfNV2Hib``); 10 characters or more of the base64
                 alphabets that change between digits, small and capital letters as no text does; any segment of more
                 than 128 characters
================ ====================================================================================================

The stem of a file name follows the same rules and the name keeps its extension (``:uuid.png``), except that a number
needs 5 digits: ``404.html`` and ``jordan-80.png`` are names. Slugs (``logstash-monitorama-2013``), versions (``v2.1``,
``1.2.3``), words with numbers (``product_1``, ``oauth2``, ``256x240``) and words without digits always stay.
"""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["MAX_SEGMENT", "MAYBE_IDENTIFIER", "PLACEHOLDERS", "template_segments"]

PLACEHOLDERS: Final = (":email", ":date", ":id", ":number", ":uuid", ":ulid", ":mac", ":hex", ":ip", ":token")
MAX_SEGMENT: Final = 128  # characters; longer segments are nobody's route
MAYBE_IDENTIFIER: Final = r"[0-9@%]"  # every rule but the one on length needs one of these

_ESCAPES: Final = {
    escape: chr(code)
    for code in range(0x21, 0x7F)
    for escape in {f"%{code:02X}", f"%{code:02x}", f"%{code:02X}".swapcase()}
}
_DAY: Final = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_YEAR: Final = r"(?:19|20)\d{2}"
_TIME: Final = r"(?:[T_ ]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?(?:Z|z|[+-]\d{2}:?\d{2})?)?"
_DATE: Final = (
    rf"^(?:{_YEAR}[-_]{_MONTH}|{_YEAR}-?W[0-5]\d(?:-?[1-7])?|{_DAY}-{_MONTH}-{_YEAR}|{_DAY}\.{_MONTH}\.{_YEAR}"
    rf"|(?:{_YEAR}-{_MONTH}-{_DAY}|{_YEAR}_{_MONTH}_{_DAY}|{_YEAR}\.{_MONTH}\.{_DAY}|{_YEAR}{_MONTH}{_DAY}){_TIME})$"
)
_EMAIL: Final = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
_RETINA: Final = r"@[1-4](?:\.\d)?x\."
_INTEGER: Final = r"^[+-]?\d+(?:[,;]\d+)*$"
_NUMBER: Final = r"^[+-]?\d+\.\d{3,}(?:,[+-]?\d+(?:\.\d+)?)*$"
_HEX_DIGIT: Final = "[0-9A-Fa-f]"
_UUID: Final = rf"^(?i:urn:uuid:)?\{{?{_HEX_DIGIT}{{8}}(?:-{_HEX_DIGIT}{{4}}){{3}}-{_HEX_DIGIT}{{12}}\}}?$"
_ULID: Final = r"^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$"  # https://github.com/ulid/spec: Crockford base 32
_HEX: Final = rf"^(?:0x{_HEX_DIGIT}+|(?i:sha\d+|md5):{_HEX_DIGIT}{{8,}})$"
_PLAIN_HEX: Final = rf"^{_HEX_DIGIT}{{8,}}$"
_IP: Final = r"^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}\]?)$"
_MAC: Final = rf"^{_HEX_DIGIT}{{2}}(?:[:-]{_HEX_DIGIT}{{2}}){{5}}$"
_JWT: Final = r"^eyJ[\w-]+\.[\w-]+\.[\w-]*$"  # RFC 7519: every header starts with the base64 of '{"'
_PREFIXED: Final = r"^[a-z]{2,8}(?:_(?:test|live))?_[A-Za-z0-9]{14,}$"

# Tokens are told from words by the mean length of what reads as a word or a number in them, the digits in between, and
# where they stand without a separator. Recognised of 8,000 random ones each: base 62 of 22 characters 92 %, of 16 60 %,
# of 11 65 %; base64url of 43 99 %; base 36 of 25 97 %; base 32 of 32 94 %. What is missed counts under its own name.
_OPAQUE: Final = r"^[A-Za-z0-9_~+/:-]{10,}=*$"
_SEPARATORS: Final = r"[_~+/:=-]"
_CHARACTERS_A_SEPARATOR: Final = 10  # slugs have more
_RUN: Final = r"([A-Za-z0-9]{10,})"
_WORD: Final = r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+"
_SHORT_TOKEN: Final = 10  # characters
_SURE_TOKEN: Final = 16  # characters; shorter ones need both cases
_SURE_NUMBERS: Final = 3
_WORD_LENGTHS: Final = ((_SURE_TOKEN, 1.9), (20, 2.0), (32, 2.4))  # tokens of less than so many characters
_LONG_WORD_LENGTH: Final = 2.6
_PREFIXED_WORD_LENGTH: Final = 2.8

_FILE: Final = r"^(.+?)((?:\.[A-Za-z][A-Za-z0-9]{0,9}){1,2})$"
_SHORT_NUMBER: Final = r"^[+-]?\d{1,4}$"


def template_segments(segments: pl.Series) -> pl.Series:
    """Return distinct path segments (raw, not null) with what identifies one thing among many replaced."""
    raw = segments.alias("text").to_frame().with_row_index("row")
    maybe = raw.filter(pl.col("text").str.contains(MAYBE_IDENTIFIER) | (pl.col("text").str.len_chars() > MAX_SEGMENT))
    texts = maybe.with_columns(pl.col("text").str.replace_many(_ESCAPES))
    whole = _placeholders(texts)
    files = (
        texts.join(whole, on="row", how="anti")
        .with_columns(pl.col("text").str.extract_groups(_FILE).struct.rename_fields(["stem", "extension"]))
        .unnest("text")
        .filter(~pl.col("stem").str.contains(_SHORT_NUMBER))
    )
    stems = _placeholders(files.select("row", text="stem")).join(files, on="row")
    named = stems.select("row", template=pl.col("template") + pl.col("extension"))
    changed = pl.concat([whole, named])
    return segments.clone().scatter(changed["row"], changed["template"]) if changed.height else segments


def _placeholders(texts: pl.DataFrame) -> pl.DataFrame:
    """Return ``row`` and ``template`` of those of `texts` (``row``, ``text``) that are identifiers."""
    judged = texts.with_columns(template=_BY_FORM)
    # What takes most time to look at is left to those that nothing else decides.
    opaque = judged.filter(pl.col("template").is_null() & pl.col("text").str.contains(_OPAQUE)).filter(_is_opaque())
    known = judged.select("row", "template").drop_nulls()
    return pl.concat([known, opaque.select("row", template=pl.lit(":token"))])


def _contains(pattern: str) -> pl.Expr:
    return pl.col("text").str.contains(pattern)


def _is_opaque() -> pl.Expr:
    text = pl.col("text")
    few_separators = text.str.count_matches(_SEPARATORS) * _CHARACTERS_A_SEPARATOR <= text.str.len_chars()
    squeezed = pl.when(few_separators).then(text.str.replace_all(_SEPARATORS, "")).otherwise(text.str.extract(_RUN))
    length = squeezed.str.len_chars()
    word = length / squeezed.str.count_matches(_WORD)
    both_cases = squeezed.str.contains("[a-z]") & squeezed.str.contains("[A-Z]")
    longest_word = pl.lit(_LONG_WORD_LENGTH)
    for below, limit in reversed(_WORD_LENGTHS):
        longest_word = pl.when(length < below).then(limit).otherwise(longest_word)
    sure = (length >= _SURE_TOKEN) & (squeezed.str.count_matches(r"\d+") >= _SURE_NUMBERS)
    dense = (length >= _SHORT_TOKEN) & ((length >= _SURE_TOKEN) | both_cases) & (word < longest_word)
    prefixed = _contains(_PREFIXED) & both_cases & (word < _PREFIXED_WORD_LENGTH)
    return _contains(r"\d") & _contains("[A-Za-z]") & (sure | dense | prefixed)


_BY_FORM: Final = pl.coalesce(
    pl.when(_contains(_EMAIL) & ~_contains(_RETINA)).then(pl.lit(":email")),
    pl.when(_contains(_DATE)).then(pl.lit(":date")),
    pl.when(_contains(_INTEGER)).then(pl.lit(":id")),
    pl.when(_contains(_NUMBER)).then(pl.lit(":number")),
    pl.when(_contains(_UUID)).then(pl.lit(":uuid")),
    pl.when(_contains(_ULID) & _contains(r"\d") & _contains("[A-Za-z]")).then(pl.lit(":ulid")),
    pl.when(_contains(_MAC)).then(pl.lit(":mac")),
    pl.when(_contains(_HEX) | (_contains(_PLAIN_HEX) & _contains(r"\d"))).then(pl.lit(":hex")),
    pl.when(_contains(_IP)).then(pl.lit(":ip")),
    pl.when(_contains(_JWT) | (pl.col("text").str.len_chars() > MAX_SEGMENT)).then(pl.lit(":token")),
    pl.lit(None, pl.String),
)
