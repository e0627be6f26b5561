"""The ways in which the text files of `trust.villages` go wrong: each fault says which detector must find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intake.planted import edit
from trust import villages
from trust.villages import DATES, NAMES, NUMBERS, SECRETS, STUDY, TABLES, Mutation, anywhere, cell, content, header, put, read, rows_changed

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path


def _misspelt(names: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(names))
    name = names[at]
    spot = rng.randrange(len(name))
    names[at] = rng.choice([name[:spot] + name[spot] + name[spot:], name[:spot] + "x" + name[spot:], name.upper() + "_", name + "2"])


def _twice(names: list[str], rng: random.Random) -> None:
    first, second = rng.sample(range(len(names)), 2)
    names[first] = names[second]


def _exchanged(names: list[str], rng: random.Random) -> None:
    every = (("id", "day"), ("id", "trust"), ("day", "income"), ("day", "inc"), ("income", "trust"), ("age", "sex"), ("arm", "village"),
             ("came", "age"), ("district", "village"), ("inc", "trust"), ("trust", "work"), ("id", "drawn_on"))
    pairs = [pair for pair in every if set(pair) <= set(names)]
    first, second = (names.index(name) for name in rng.choice(pairs))
    names[first], names[second] = names[second], names[first]


def _set(names: list[str], rng: random.Random, options: tuple[str, ...]) -> None:
    names[rng.randrange(len(names))] = rng.choice(options)


def _padded(names: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(names))
    names[at] = rng.choice((" ", "  ", "\t")) + names[at] + rng.choice((" ", "   "))


def _no_header(folder: Path, rng: random.Random) -> str:
    table = rng.choice(TABLES)
    return put(folder, table, read(folder, table)[1:])


def _recoded(folder: Path, rng: random.Random) -> str:
    table, encoding = rng.choice(TABLES), rng.choice(("utf-16", "utf-8-sig"))
    return put(folder, table, read(folder, table), encoding=encoding)


def _foreign_byte(data: bytes, rng: random.Random) -> bytes:
    """A letter of Windows-1252 within UTF-8 (the people's names are in three scripts)."""
    at = data.index(b"\n", rng.randrange(data.index(b"\n") + 1, len(data) - 40))
    return data[:at] + rng.choice((b"\xe9", b"\xeb", b"\xf6", b"\x93\xe9")) + data[at:]


def _no_encoding(data: bytes, rng: random.Random) -> bytes:
    at = data.index(b"\n", rng.randrange(data.index(b"\n") + 1, len(data) - 40))
    return data[:at] + rng.choice((b"\x81\xff", b"\xfe\x8d", b"\xc3\x28\x90")) + data[at:]


def _declared(folder: Path, rng: random.Random) -> str:
    table, said = rng.choice((("people", "ascii"), ("people", "utf-16"), ("baseline", "utf-16"), ("people", "cp932"), ("people", "klingon")))
    edit("plan.yaml", f"{table}: {{file: data/{table}.csv,", f"{table}: {{file: data/{table}.csv, encoding: {said},")(folder)
    return f"data/{table}.csv"


def _in_cell(mark: str) -> Callable[[str, random.Random], str]:
    return lambda text, rng: text[: (at := rng.randrange(len(text) + 1))] + mark + text[at:]


def _other_sign(folder: Path, rng: random.Random) -> str:
    table = rng.choice(("baseline", "endline"))
    one, other = (".", '"{},{}"') if table == "baseline" else (",", "{}.{}")
    rows = read(folder, table)
    place = 2
    row = rng.choice([row for row in rows[1:] if one in row[place]])
    row[place] = other.format(*row[place].split(one))
    return put(folder, table, rows)


def _thousands(text: str, rng: random.Random) -> str:
    whole = text.replace(",", ".").partition(".")[0]
    return rng.choice(("1.234.567,50", "1 234,50", "1'234.50", "12.345.678", f"{whole}.000,25", "€ 12", "12 %", "1.2.3"))


def _whole_file(folder: Path, rng: random.Random) -> str:
    """Decimal commas, semicolons."""
    del rng
    rows = read(folder, "baseline")
    for row in rows[1:]:
        row[2] = row[2].replace(".", ",")
    return put(folder, "baseline", rows, ";")


def _other_delimiter(folder: Path, rng: random.Random) -> str:
    table, mark = rng.choice((("people", ";"), ("people", "\t"), ("people", "|"), ("baseline", "\t"), ("endline", "\t"), ("endline", "|")))
    return put(folder, table, read(folder, table), mark)


def _line_ends(folder: Path, rng: random.Random) -> str:
    table = rng.choice(TABLES)
    return put(folder, table, read(folder, table), end=rng.choice(("\r\n", "\r")))


def _entered_twice(rows: list[list[str]], rng: random.Random) -> None:
    rows.insert(rng.randrange(len(rows)), list(rng.choice(rows)))


def _id_of_another(rows: list[list[str]], rng: random.Random) -> None:
    first, second = rng.sample(range(len(rows)), 2)
    rows[first][0] = rng.choice((rows[second][0], f" {rows[second][0]}", f"{rows[second][0]}.0", f"0{rows[second][0]}"))


def _swapped(folder: Path, rng: random.Random) -> str:
    """The answers of the two waves under each other's names, every column named as it should be."""
    before, after = read(folder, "baseline"), read(folder, "endline")
    if rng.random() < 0.5:
        villages.file_of(folder, "baseline").write_text("\n".join(";".join(row) for row in after) + "\n", encoding="utf-8")
        return "data/baseline.csv"
    days = {row[0]: row[1] for row in before}
    for row in after[1:]:
        row[1] = days[row[0]]
    return put(folder, "endline", after)


def _date(text: str, rng: random.Random) -> str:
    year, month, day = text.split("-")
    return rng.choice((f"{day}/{month}/{year}", f"{month}-{day}-{year}", f"{year[2:]}-{month}-{day}", f"{day}.{month}.{year}", "43899",
                       f"{year}-02-31", f"{year}-13-{day}", f"{year}{month}{day}", "yesterday", f"{year}-{month}-{day} 12:00", "0000-00-00",
                       f"{year}-{month}"))


def _number(text: str, rng: random.Random) -> str:
    del text
    return rng.choice((SECRETS[0], SECRETS[4], "1e400", "inf", "-inf", "nan", "NaN", "NA", "n/a", "null", "None", "-", "?", "--9", "0x1F", "1e",
                       "1_000", "−5", "½", "１２", "٤٥", "True", "12 years", "=1+1", "@SUM(A1)", "<script>", "#DIV/0!", "#REF!", ".", "+", "1;2"))


def _beyond(folder: Path, rng: random.Random) -> str:
    table, column, values = rng.choice((("people", "age", ("17", "100", "-1", "317")), ("baseline", "income", ("-0.01", "-8472915")),
                                        ("endline", "trust", ("11", "-1", "99")), ("endline", "inc", ("-8", "-99")), ("people", "came", ("2", "-1"))))
    return cell(table, column, lambda _, rng: rng.choice(values))(folder, rng)


def _category(folder: Path, rng: random.Random) -> str:
    table, column, values = rng.choice((
        ("people", "arm", ("οffer", "offer.", "Offer", "предложение", "عرض", "usual offer", "0")), ("people", "sex", ("F", "ф", "男", "woman", "ｆ")),
        ("endline", "work", ("y", "да", "はい", "Yes", "2")), ("people", "district", ("D3", "D０", "Д0", "d0")),
        ("people", "village", ("V1", "V１２", "В01"))))
    return cell(table, column, lambda _, rng: rng.choice(values))(folder, rng)


def _names(folder: Path, rng: random.Random) -> str:
    """Texts in other scripts, right to left, with marks; read as they stand."""
    rows = read(folder, "people")
    for row in rows[1:]:
        row[-1] = rng.choice((*NAMES, "\u202eabc", "e\u0301", "👩\u200d👧", "=HYPERLINK(1)", "<b>x</b>", "${x}", "{{x}}", "\\input{x}", "#eval"))
    return put(folder, "people", rows)


def _ragged(rows: list[list[str]], rng: random.Random) -> None:
    row = rng.choice(rows)
    if rng.random() < 0.5:
        row.insert(rng.randrange(len(row)), rng.choice(SECRETS).replace(",", "."))
    else:
        del row[rng.randrange(len(row))]


def _open_quote(rows: list[list[str]], rng: random.Random) -> None:
    row = rng.choice(rows)
    at = rng.randrange(len(row))
    row[at] = '"' + row[at]


def _cut_in_row(data: bytes, rng: random.Random) -> bytes:
    """Cut off in a row, with at least one separator beyond the cut."""
    ends = [at for at in range(len(data)) if data[at : at + 1] == b"\n"]
    line = rng.randrange(1, len(ends) - 1)
    row = data[ends[line] + 1 : ends[line + 1]]
    last = max(row.rfind(b","), row.rfind(b";"))
    return data[: ends[line] + 1 + rng.randrange(1, last + 1)]


def _shorter(rows: list[list[str]], rng: random.Random) -> None:
    del rows[rng.randrange(2, len(rows) - 1) :]


def _many_columns(folder: Path, rng: random.Random) -> str:
    table, extra = rng.choice(TABLES), rng.choice((5_000,) * 7 + (25_000,))
    head, *rows = read(folder, table)
    return put(folder, table, [[*head, *(f"v{i}" for i in range(extra))], *([*row, *["1"] * extra] for row in rows[:10])])


def _empty(data: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"", b"\n", b"  \n\n", b"\xef\xbb\xbf", b"\r\n", data.partition(b"\n")[0] + b"\n", data.partition(b"\n")[0]))


def _blank_lines(rows: list[list[str]], rng: random.Random) -> None:
    for _ in range(rng.randrange(1, 4)):
        rows.insert(rng.randrange(len(rows) + 1), [""])


def _shuffled_columns(folder: Path, rng: random.Random) -> str:
    table = rng.choice(TABLES)
    rows = read(folder, table)
    order = rng.sample(range(len(rows[0])), len(rows[0]))
    return put(folder, table, [[row[place] for place in order] for row in rows])


def _shuffled_rows(rows: list[list[str]], rng: random.Random) -> None:
    rng.shuffle(rows)


def _trial(folder: Path, rng: random.Random) -> str:
    column, value = rng.choice(((3, {"offer": "usual", "usual": "offer"}), (2, {"D0": "D1", "D1": "D2", "D2": "D0"}), (5, None)))
    rows = read(folder, "people")
    asked = {row[0] for row in read(folder, "endline")}
    row = rng.choice([row for row in rows[1:] if row[0] in asked])
    row[column] = value[row[column]] if value else "2022-06-01"
    put(folder, "people", rows)
    return "data/"


PIECES = (b"\x00", b'"', b",", b";", b"\n", b"\xff", b"\xef\xbb\xbf", b"1e400", b"-", b"\r", b"\t", b"9" * 30)


def damaged(data: bytes, rng: random.Random, begin: int = 0) -> bytes:
    """Bytes changed, cut out, cut off, repeated, or two lines exchanged, beyond `begin`."""
    at = rng.randrange(begin, len(data))
    match rng.randrange(6):
        case 0:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + data[at + rng.randrange(1, 9) :]
        case 2:
            return data[:at] + rng.choice(PIECES) + data[at:]
        case 3:
            other = rng.randrange(begin, len(data))
            return data[:at] + data[other : other + rng.randrange(60)] + data[at:]
        case 4:
            head, lines = data[:begin], data[begin:].split(b"\n")
            first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[first], lines[second] = lines[second], lines[first]
            return head + b"\n".join(lines)
        case _:
            return data[:at]


def _bytes(data: bytes, rng: random.Random) -> bytes:
    begin = data.index(b"\n") + 1
    for _ in range(rng.choice((1, 1, 2, 5))):
        data = damaged(data, rng, begin) if len(data) > begin + 1 else data
    return data


def _settings(folder: Path, rng: random.Random) -> str:
    """The plan, a schema or the crosswalk damaged."""
    shared = folder / "data_schema" / "villages"
    path = rng.choice((folder / STUDY / "plan.yaml", folder / STUDY / "crosswalk.yaml", *(shared / f"{table}.yaml" for table in TABLES)))
    path.write_bytes(damaged(path.read_bytes(), rng))
    return ""


def _yaml_bomb(folder: Path, rng: random.Random) -> str:
    path = folder / STUDY / "plan.yaml"
    bomb = rng.choice((
        "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "x: " + "[" * 500 + "]" * 500, "x: !!python/object/apply:os.system [id]\n", "x: " + "A" * 3_000_000, "&a x: *a\n? [1,2]\n: 3\n"))
    path.write_text(bomb + "\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    return ""


def _path_out(folder: Path, rng: random.Random) -> str:
    """A path, or a link, that leads out of the study's folders."""
    outside = folder.parent / "outside.csv"
    outside.write_bytes(villages.file_of(folder, "people").read_bytes())
    way = rng.choice(("../" * 9 + "etc/passwd", str(outside), "../../../outside.csv", "link"))
    if way == "link":
        villages.file_of(folder, "people").unlink()
        villages.file_of(folder, "people").symlink_to(outside)
    else:
        edit("plan.yaml", "people: {file: data/people.csv", f"people: {{file: {way}")(folder)
    return "data.people.file"


COLUMNS, TYPES, SHAPE, TRIAL, TEXT = ("names of columns", "type of each cell", "shape of the rows", "checks of the trial", "encoding of the file")
MUTATIONS: tuple[Mutation, ...] = (
    Mutation("headers", "misspelt", "refused", COLUMNS, header(_misspelt)),
    Mutation("headers", "left empty", "refused", COLUMNS, header(lambda names, rng: _set(names, rng, ("", " ")))),
    Mutation("headers", "two the same", "refused", COLUMNS, header(_twice)),
    Mutation("headers", "of two columns exchanged", "refused", "rules of the schema", header(_exchanged)),
    Mutation("headers", "in another script", "refused", COLUMNS,
             header(lambda names, rng: _set(names, rng, ("возраст", "年齡", "العمر", "ιd", "аge")))),
    Mutation("headers", "with blanks around them", "same", "", header(_padded)),
    Mutation("headers", "no header row", "refused", COLUMNS, _no_header),
    Mutation("encodings", "UTF-16, or UTF-8 with a mark", "same", "", _recoded),
    Mutation("encodings", "a Windows-1252 letter within UTF-8", "refused", TEXT, content(_foreign_byte, ("people",))),
    Mutation("encodings", "bytes of no encoding", "refused", TEXT, content(_no_encoding)),
    Mutation("encodings", "another encoding declared", "refused", TEXT, _declared),
    Mutation("byte-order mark", "a second one", "caught", COLUMNS, content(lambda data, _: b"\xef\xbb\xbf" * 2 + data)),
    Mutation("byte-order mark", "within a number", "refused", TYPES, anywhere(NUMBERS, _in_cell("\ufeff"))),
    Mutation("NUL", "a zero byte anywhere", "refused", TEXT,
             content(lambda data, rng: data[: (at := rng.randrange(len(data)))] + b"\x00" + data[at:])),
    Mutation("decimals", "one with the other sign", "refused", TYPES, _other_sign),
    Mutation("decimals", "marks of thousands, units", "refused", TYPES, anywhere({"baseline": ("trust",), "endline": ("inc", "trust")}, _thousands)),
    Mutation("decimals", "commas in the whole file", "same", "", _whole_file),
    Mutation("ids", "a row entered twice", "refused", "primary key", rows_changed(_entered_twice)),
    Mutation("ids", "the id of another row", "refused", "primary key", rows_changed(_id_of_another)),
    Mutation("ids", "unknown to the roster", "refused", TRIAL, anywhere({"baseline": ("id",), "endline": ("id",)}, lambda *_: "84729153")),
    Mutation("ids", "empty", "refused", "primary key", anywhere(dict.fromkeys(TABLES, ("id",)), lambda *_: "")),
    Mutation("ids", "no whole number", "refused", TYPES, anywhere(dict.fromkeys(TABLES, ("id",)), lambda text, _: f"{text}.5")),
    Mutation("waves", "exchanged", "refused", "names of columns; dates of the trial", _swapped),
    Mutation("dates", "in another form, or of no calendar", "refused", TYPES, anywhere({table: (name,) for table, name in DATES.items()}, _date)),
    Mutation("dates", "of the endline before the draw", "refused", TRIAL, cell("endline", "day", lambda *_: "2020-03-01")),
    Mutation("dates", "left out where one is asked for", "refused", "cells required", cell("endline", "day", lambda *_: "")),
    Mutation("labels in three scripts", "a code that looks like one", "refused", "categories and patterns", _category),
    Mutation("labels in three scripts", "names of people", "same", "", _names),
    Mutation("numbers", "what is none", "refused", TYPES, anywhere(NUMBERS, _number)),
    Mutation("numbers", "beyond their limits", "refused", "limits of the schema", _beyond),
    Mutation("shape", "a cell more or fewer", "refused", SHAPE, rows_changed(_ragged)),
    Mutation("shape", "a quote that isn't closed", "refused", SHAPE, rows_changed(_open_quote)),
    Mutation("shape", "cut off in a row", "refused", SHAPE, content(_cut_in_row)),
    Mutation("shape", "roster cut off between rows", "refused", TRIAL, rows_changed(_shorter, ("people",))),
    Mutation("shape", "another delimiter", "same", "", _other_delimiter),
    Mutation("shape", "other line ends", "same", "", _line_ends),
    Mutation("shape", "blank lines", "same", "", rows_changed(_blank_lines)),
    Mutation("shape", "columns in another order", "same", "", _shuffled_columns),
    Mutation("shape", "rows in another order", "same", "", rows_changed(_shuffled_rows)),
    Mutation("5,000 columns", "in a text file", "refused", COLUMNS, _many_columns),
    Mutation("empty file", "nothing, blanks, or the header only", "refused", "emptiness", content(_empty, ("people",))),
    Mutation("trial", "arm, block or day of one person of a village", "refused", TRIAL, _trial),
    Mutation("plan and schemas", "YAML bombs, tags, depth", "refused", "limits of YAML", _yaml_bomb),
    Mutation("plan and schemas", "paths and links that lead out", "refused", "folders of the study", _path_out),
    Mutation("plan and schemas", "damaged at random", "either", "reader of YAML, model of the plan", _settings),
    Mutation("bytes", "changed at random below the header", "either", "the above; else the hash in the manifest", content(_bytes)),
)
