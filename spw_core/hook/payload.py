"""JSON read by SQLite's own functions, and what the status line needs of Claude Code's payload.

Nothing in a payload is taken for granted: a field that is absent, null or of another type is as if it
were not there, and text that is not JSON is an empty payload.
"""

import apsw

_BOM = b"\xef\xbb\xbf"  # cut by hand: the utf-8-sig codec is a module more to import
_MAX_NUMBER = 1e15  # beyond this (and for infinity and NaN) a number is taken for nonsense
_MAX_SALVAGE = 1 << 20  # characters of broken text that are searched for a first complete object

_connection = apsw.Connection(":memory:")


def text_sql(path: str) -> str:
    """SQL for the text at `path` of the JSON ?1, as UTF-8 bytes; NULL when there is no text."""
    # A lone surrogate such as "\ud800" is legal JSON and becomes invalid UTF-8: hence bytes.
    return f"CASE json_type(?1, '{path}') WHEN 'text' THEN CAST(json_extract(?1, '{path}') AS BLOB) END"


def _number(path: str) -> str:
    return f"CASE WHEN json_type(?1, '{path}') IN ('integer', 'real') THEN json_extract(?1, '{path}') END"


_SELECT_PAYLOAD = "SELECT " + ", ".join(
    [
        text_sql("$.model.display_name"),
        text_sql("$.model.name"),
        text_sql("$.model"),
        text_sql("$.workspace.current_dir"),
        text_sql("$.cwd"),
        _number("$.context_window.total_input_tokens"),
        _number("$.context_window.total_output_tokens"),
        _number("$.context_window.remaining_percentage"),
        _number("$.context_window.used_percentage"),
        _number("$.cost.total_cost_usd"),
    ]
)
_SELECT_CACHE = f"SELECT {text_sql('$.spec')}, {_number('$.ts')}"


class Payload:
    """The facts of one payload; empty text and None stand for what it did not say."""

    __slots__ = ("cost", "current_dir", "cwd", "model", "remaining", "tokens")

    def __init__(self, row: "tuple[apsw.SQLiteValue, ...]") -> None:
        texts = [as_text(value) for value in row[:5]]
        tokens_in, tokens_out, remaining, used, cost = (_as_number(value) for value in row[5:])
        display_name, name, bare_model, self.current_dir, self.cwd = texts
        self.model = display_name or name or bare_model
        self.tokens = (
            None if tokens_in is None and tokens_out is None else (tokens_in or 0) + (tokens_out or 0)
        )
        self.remaining = remaining if remaining is not None or used is None else 100 - used
        self.cost = cost


def is_complete(data: bytes) -> bool:
    """Whether `data` is one complete JSON value."""
    return bool(_connection.execute("SELECT json_valid(?1)", (_decode(data),)).get)


def parse(data: bytes) -> Payload:
    """The facts in `data`, of its first complete JSON object when there is something behind it."""
    return Payload(select(_SELECT_PAYLOAD, data) or (None,) * 10)


def select(sql: str, data: bytes) -> "tuple[apsw.SQLiteValue, ...] | None":
    """The row that `sql` makes of the JSON text ?1, of its first complete object when more is behind it."""
    text = _decode(data)
    return first_row(sql, text) or first_row(sql, _first_object(text))


def parse_cache(data: bytes) -> tuple[str, float]:
    """Spec name and time (epoch milliseconds) of a statusline cache file; ("", 0) when it holds none."""
    spec, moment = first_row(_SELECT_CACHE, _decode(data)) or (None, None)
    return as_text(spec), _as_number(moment) or 0


def first_row(sql: str, text: str) -> "tuple[apsw.SQLiteValue, ...] | None":
    """The row that `sql` makes of ?1; None when that is not JSON, which is an expected input."""
    try:
        return _connection.execute(sql, (text,)).fetchone()
    except apsw.SQLError:
        return None


def _first_object(text: str) -> str:
    """The beginning of `text` up to the brace that closes its first object, else nothing."""
    plain = text[:_MAX_SALVAGE].replace("\\\\", "__").replace('\\"', "__")
    depth = position = 0
    for index, part in enumerate(plain.split('"')):
        if index % 2 == 0:  # outside of strings
            for offset, character in enumerate(part):
                if character == "{":
                    depth += 1
                elif character == "}":
                    depth -= 1
                    if depth <= 0:
                        return text[: position + offset + 1]
        position += len(part) + 1
    return ""


def _decode(data: bytes) -> str:
    return data.removeprefix(_BOM).decode("utf-8", "replace")


def as_text(value: "apsw.SQLiteValue") -> str:
    """The text that `text_sql` selected; "" when it was none."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _as_number(value: "apsw.SQLiteValue") -> "int | float | None":
    return value if isinstance(value, (int, float)) and -_MAX_NUMBER < value < _MAX_NUMBER else None
