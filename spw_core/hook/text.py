"""Text for one terminal line: free of control sequences, measured and cut by display cells."""

_LONGEST = 200  # characters that are looked at of one name

# Bytes after ESC (or their one-character C1 forms) that begin a string ended by BEL or ESC \.
_STRING_OPENERS = "]PX^_"
_C1_TO_ESC = {
    "\x90": "\x1bP",
    "\x98": "\x1bX",
    "\x9b": "\x1b[",
    "\x9d": "\x1b]",
    "\x9e": "\x1b^",
    "\x9f": "\x1b_",
}

# Zero width: combining marks, Hangul vowels and finals, variation selectors but the emoji one,
# which widens the character before it in newer terminals and is counted as the cell it adds.
_ZERO = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x0591, 0x05BD),
    (0x064B, 0x065F),
    (0x0E34, 0x0E3A),
    (0x0E47, 0x0E4E),
    (0x1160, 0x11FF),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0E),
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
)
# Two cells: East Asian wide and fullwidth, and emoji. Terminals disagree about the symbols from
# 2600 to 27BF; to count one too wide drops a letter, to count it too narrow wraps the line.
_WIDE = (
    (0x1100, 0x115F),
    (0x231A, 0x231B),
    (0x2329, 0x232A),
    (0x23E9, 0x23F3),
    (0x25FD, 0x25FE),
    (0x2600, 0x27BF),
    (0x2B1B, 0x2B1C),
    (0x2B50, 0x2B55),
    (0x2E80, 0x303E),
    (0x3041, 0xA4CF),
    (0xA960, 0xA97C),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE10, 0xFE19),
    (0xFE30, 0xFE6F),
    (0xFF00, 0xFF60),
    (0xFFE0, 0xFFE6),
    (0x16FE0, 0x1B2FF),
    (0x1D300, 0x1D376),
    (0x1F000, 0x1FAFF),
    (0x20000, 0x3FFFD),
)


def clean(text: str, longest: int = _LONGEST) -> str:
    """`text` as it may reach a terminal: no escape sequences, no control or invisible characters."""
    text = text[:longest]
    if text.isprintable():
        return text.strip()
    return "".join(map(_shown, _without_sequences(text))).strip()


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    return "\ufffd" if "\ud800" <= character <= "\udfff" else ""


def _without_sequences(text: str) -> str:
    for c1, escape in _C1_TO_ESC.items():
        text = text.replace(c1, escape)
    plain, *pieces = text.split("\x1b")
    in_string = False
    for piece in pieces:
        if in_string and not piece.startswith("\\"):
            _, bell, rest = piece.partition("\x07")  # an ESC inside of a string does not end it
        elif piece[:1] and piece[0] in _STRING_OPENERS:
            _, bell, rest = piece.partition("\x07")
        else:
            bell, rest = "\x07", piece[_sequence_length(piece) :]
        in_string = not bell
        plain += rest
    return plain


def _sequence_length(piece: str) -> int:
    """Length of the sequence, its ESC taken off, that `piece` begins with."""
    if piece.startswith("["):
        for index, character in enumerate(piece[1:], 1):
            if "@" <= character <= "~":
                return index + 1
            if not " " <= character <= "?":  # not a parameter: the sequence is broken off
                return index
        return len(piece)
    for index, character in enumerate(piece):
        if not " " <= character <= "/":  # intermediate bytes are followed by one final byte
            return index + 1 if "0" <= character <= "~" else index
    return len(piece)


def cells(text: str) -> int:
    """Cells that `text` takes on a terminal; rather one too many than one too few."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    code = ord(character)
    if code < 0x300:
        return 1
    for first, last in _ZERO:
        if first <= code <= last:
            return 0
    for first, last in _WIDE:
        if first <= code <= last:
            return 2
    return 1


def truncate(text: str, width: int, mark: str) -> str:
    """`text` in at most `width` cells, ending in `mark` where something was cut off."""
    if cells(text) <= width:
        return text
    room = width - cells(mark)
    if room < 0:
        return mark[: max(0, width)]
    kept = ""
    for character in text:
        room -= _cells_of(character)
        if room < 0:
            break
        kept += character
    return kept + mark
