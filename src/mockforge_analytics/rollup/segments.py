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
``:token``       a JSON Web Token; a run of 10 characters or more of the base64 alphabets that changes between digits,
                 small and capital letters as often as text never does; any segment of more than 128 characters
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
_OPAQUE: Final = r"^[A-Za-z0-9_~+=/:-]{10,}$"
_CHANGE: Final = r"[a-z][0-9A-Z]|[0-9][A-Za-z]|[A-Z][0-9]"

# Of 100,000 random tokens each, at 22 characters: 97 % of base 62, 98 % of base 36 and 84 % of base 32 pass; of the
# segments of the real logs of the test-suite only font files named by a hash do. Short runs need a denser mix.
_LONG_TOKEN: Final = 16  # characters
_LONG_CHANGES: Final = 0.2  # changes a character
_SHORT_CHANGES: Final = 0.35

_FILE: Final = r"^(.+?)((?:\.[A-Za-z][A-Za-z0-9]{0,9}){1,2})$"
_SHORT_NUMBER: Final = r"^[+-]?\d{1,4}$"


def template_segments(segments: pl.Series) -> pl.Series:
    """Return distinct path segments (raw, not null) with what identifies one thing among many replaced."""
    frame = segments.alias("raw").to_frame().with_row_index("row")
    maybe = frame.filter(
        pl.col("raw").str.contains(MAYBE_IDENTIFIER) | (pl.col("raw").str.len_chars() > MAX_SEGMENT)
    ).with_columns(text=pl.col("raw").str.replace_many(_ESCAPES))
    found = maybe.with_columns(template=_placeholder(pl.col("text")))
    files = (
        found.filter(pl.col("template").is_null())
        .with_columns(pl.col("text").str.extract_groups(_FILE).struct.rename_fields(["stem", "extension"]))
        .unnest("text")
        .drop_nulls("stem")
        .filter(~pl.col("stem").str.contains(_SHORT_NUMBER))
        .with_columns(template=_placeholder(pl.col("stem")) + pl.col("extension"))
    )
    changed = pl.concat([part.select("row", "template").drop_nulls() for part in (found, files)])
    return segments.clone().scatter(changed["row"], changed["template"]) if changed.height else segments


def _placeholder(text: pl.Expr) -> pl.Expr:
    has_digit = text.str.contains(r"\d")
    changes = text.str.count_matches(_CHANGE)
    length = text.str.len_chars()
    dense = pl.when(length < _LONG_TOKEN).then(_SHORT_CHANGES).otherwise(_LONG_CHANGES)
    rules = (
        text.str.contains(_EMAIL) & ~text.str.contains(_RETINA),
        text.str.contains(_DATE),
        text.str.contains(_INTEGER),
        text.str.contains(_NUMBER),
        text.str.contains(_UUID),
        text.str.contains(_ULID) & has_digit & text.str.contains("[A-Za-z]"),
        text.str.contains(_MAC),
        text.str.contains(_HEX) | (text.str.contains(_PLAIN_HEX) & has_digit),
        text.str.contains(_IP),
        text.str.contains(_JWT)
        | (text.str.contains(_OPAQUE) & has_digit & (changes >= dense * length))
        | (length > MAX_SEGMENT),
    )
    placeholders = (pl.when(rule).then(pl.lit(name)) for name, rule in zip(PLACEHOLDERS, rules, strict=True))
    return pl.coalesce(*placeholders, pl.lit(None, pl.String))
