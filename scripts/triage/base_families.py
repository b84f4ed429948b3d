"""The code families that the base model is trained on.

The sign of a fault stands at or before the faulty line (the guard above it, the README's formula, the operator in
it): a model that reads from left to right judges each line at its end.
"""

from shapes import docstring, piece, plural


def division(rng, names, faulty):
    """A divisor that may be zero, without a guard."""
    thing, f = names.noun(), names.function()
    things = plural(thing)
    guard = None if faulty else rng.choice([f"    if not {things}:", f"    if len({things}) == 0:"])
    answer = None if faulty else rng.choice(["        return 0", "        return 0.0", "        return None"])
    hints = [rng.choice([
        f"Without {things} the result of `{f}` is 0.",
        f"`{f}` of an empty list is 0.",
        f"There may be no {things} at all.",
    ])]
    tests = [f"assert {f}([]) == 0"]
    shape = rng.randrange(8)
    if shape == 0:
        return piece([f"def {f}({things}):", docstring(rng, f"The mean of {things}."), guard, answer,
                      f"    return sum({things}) / len({things})@@"], faulty, hints=hints, tests=tests)
    if shape == 1:
        unit = rng.choice(["size", "value", "amount", "score", "points"])
        return piece([f"def {f}({things}):", guard, answer, "    total = 0", f"    for {thing} in {things}:",
                      f"        total += {thing}.{unit}", f"    return total / len({things})@@"],
                     faulty, hints=hints, tests=tests)
    if shape == 2:
        count = rng.choice(["count", "n", f"{thing}_count", "size"])
        safe = f"    {count} = len({things})" if faulty else rng.choice(
            [f"    {count} = len({things}) or 1", f"    {count} = max(1, len({things}))"])
        return piece([f"def {f}({things}, total):", safe, f"    return total / {count}@@"], faulty, hints=hints)
    part, whole = names.noun(), rng.choice(["total", "whole", "count", names.noun()])
    zero = None if faulty else f"    if {whole} == 0:"
    reply = None if faulty else rng.choice(["        return 0", f'        raise ValueError("{whole} is zero")'])
    hints = [rng.choice([f"`{whole}` may be 0.", f"The share of nothing is 0."])]
    tests = [f"assert {f}(3, 0) == 0"]
    if shape == 3:
        return piece([f"def {f}({part}, {whole}):", docstring(rng, f"The share of {part}."), zero, reply,
                      f"    return {part} / {whole}@@"], faulty, hints=hints, tests=tests)
    if shape == 4:
        return piece([f"def {f}({part}, {whole}):", zero, reply, f"    share = {part} / {whole}@@",
                      f"    return round(share, {rng.randint(1, 3)})"], faulty, hints=hints, tests=tests)
    if shape == 5:
        line = f"    return {part} / {whole}@@" if faulty else f"    return {part} / {whole} if {whole} else 0"
        return piece([f"def {f}({part}, {whole}):", line], faulty, hints=hints, tests=tests)
    if shape == 6:
        zero = None if faulty else f"    if not {whole}:"
        return piece([f"def {f}({part}, {whole}):", zero, reply, f"    return {part} * 100 // {whole}@@"],
                     faulty, hints=hints, tests=tests)
    helper = names.function()
    return piece([f"def {helper}({things}):", f"    return sum({thing}.weight for {thing} in {things})",
                  f"def {f}({things}):", guard, answer, f"    return {helper}({things}) / len({things})@@"],
                 faulty, hints=hints, tests=tests)


def missing_key(rng, names, faulty):
    """A key that need not be there, read with [] and no check."""
    key, table, f = names.noun(), plural(names.noun()), names.function()
    default = rng.choice(["0", "None", '""', "1"])
    hints = [rng.choice([f"A {key} without an entry counts as {default}.", f"Unknown {plural(key)} are allowed.",
                         f"Not every {key} has an entry."])]
    tests = [f'assert {f}("unknown") == {default}']
    read = f"{table}[{key}]" if faulty else f"{table}.get({key}, {default})"
    shape = rng.randrange(7)
    if shape == 0:
        return piece([f"def {f}({table}, {key}):", docstring(rng, f"The entry of a {key}."), f"    return {read}@@"],
                     faulty, hints=hints, tests=tests)
    if shape == 1:
        upper = table.upper()
        read = f"{upper}[{key}]" if faulty else f"{upper}.get({key}, {default})"
        entries = ", ".join(f'"{names.noun()}": {rng.randint(1, 99)}' for _ in range(rng.randint(2, 3)))
        return piece([f"{upper} = {{{entries}}}", f"def {f}({key}):", docstring(rng, f"Looks up a {key}."),
                      f"    return {read}@@"], faulty, hints=hints, tests=tests)
    if shape == 2:
        read = f'{table}["{key}"]' if faulty else f'{table}.get("{key}", {default})'
        return piece([f"def {f}({table}):", f"    {key} = {read}@@", f"    return {key}"], faulty,
                     hints=[f"`{key}` is optional.", f"Without `{key}`, {default} is used."][:rng.randint(1, 2)])
    if shape == 3:
        add = f"        {table}[{key}] += 1@@" if faulty else f"        {table}[{key}] = {table}.get({key}, 0) + 1"
        return piece([f"def {f}({plural(key)}):", f"    {table} = {{}}", f"    for {key} in {plural(key)}:", add,
                      f"    return {table}"], faulty)
    if shape == 4:
        check = None if faulty else f"    if {key} not in {table}:"
        reply = None if faulty else f"        return {default}"
        operator = rng.choice(["+", "*", "-"])
        return piece([f"def {f}({key}, amount, {table}):", check, reply,
                      f"    return amount {operator} {table}[{key}]@@"], faulty, hints=hints)
    if shape == 5:
        check = None if faulty else f"        if {key} in {table}:"
        deeper = "" if faulty else "    "
        return piece([f"def {f}({plural(key)}, {table}):", "    found = []", f"    for {key} in {plural(key)}:", check,
                      f"        {deeper}found.append({table}[{key}])@@", "    return found"], faulty, hints=hints)
    body = f"{table}[{key}]" if faulty else f"{table}.get({key}, {default})"
    return piece([f"def {f}({plural(key)}, {table}):", f"    return [{body} for {key} in {plural(key)}]@@"], faulty,
                 hints=hints)


def off_by_one(rng, names, faulty):
    """A range or an index that is one too short or too long."""
    thing, f = names.noun(), names.function()
    things = plural(thing)
    hints = [rng.choice([f"Every {thing} is visited once.", f"All {things} are handled, the last one too."])]
    tests = [f"assert len({f}(three)) == 3"]
    shape = rng.randrange(7)
    if shape == 0:
        bound = f"len({things}) - 1" if faulty else f"len({things})"
        return piece([f"def {f}({things}):", docstring(rng, f"Every {thing}, in order."), "    result = []",
                      f"    for i in range({bound}):@@", f"        result.append({things}[i])", "    return result"],
                     faulty, hints=hints, tests=tests)
    if shape == 1:
        first = "    total = 0" if faulty else f"    total = {things}[0]"
        return piece([f"def {f}({things}):", f'    """The sum of all {things}."""', first,
                      f"    for i in range(1, len({things})):@@", f"        total += {things}[i]", "    return total"],
                     faulty, hints=hints)
    if shape == 2:
        index = f"len({things})" if faulty else rng.choice([f"len({things}) - 1", "-1"])
        return piece([f"def {f}({things}):", docstring(rng, f"The last {thing}."), f"    return {things}[{index}]@@"],
                     faulty, hints=[f"`{f}` gives the last {thing}."])
    if shape == 3:
        bound = "count - 1" if faulty else "count"
        return piece([f"def {f}({things}, count):", f'    """The first count {things}."""',
                      f"    return {things}[:{bound}]@@"], faulty, tests=tests)
    if shape == 4:
        sign = "<=" if faulty else "<"
        return piece([f"def {f}({things}):", "    i = 0", f"    while i {sign} len({things}):@@",
                      f"        print({things}[i])", "        i += 1"], faulty, hints=hints)
    if shape == 5:
        bound = "last" if faulty else "last + 1"
        return piece([f"def {f}(last):", f'    """The {things} from 1 to last, inclusive."""',
                      f"    return list(range(1, {bound}))@@"], faulty)
    bound = f"len({things}) + 1" if faulty else f"len({things})"
    return piece([f"def {f}({things}):", f"    for index in range({bound}):@@",
                  f"        {things}[index] = {things}[index].strip()", f"    return {things}"], faulty, hints=hints)


SIGNS = {"+": "plus", "-": "minus", "*": "times"}


def wrong_operator(rng, names, faulty):
    """A formula of the README that the code computes otherwise."""
    f, a, b = names.function(), names.noun(), names.noun()
    right = rng.choice(list(SIGNS))
    used = rng.choice([sign for sign in SIGNS if sign != right]) if faulty else right
    spoken = rng.choice([f, f.replace("_", " ")])
    hint = rng.choice([
        f"- {spoken} = {a} {right} {b}", f"{spoken} = {a} {right} {b}", f"`{f}` is {a} {SIGNS[right]} {b}.",
        f"The {f.replace('_', ' ')} is {a} {SIGNS[right]} {b}.", f"`{f} = {a} {right} {b}`",
    ])
    shape = rng.randrange(4)
    if shape == 0:
        return piece([f"def {f}({a}, {b}):", f"    return {a} {used} {b}@@"], faulty, hints=[hint])
    if shape == 1:
        return piece([f"def {f}({a}, {b}):", f"    result = {a} {used} {b}@@", "    return result"], faulty,
                     hints=[hint])
    if shape == 2:
        numbers = rng.randint(2, 9), rng.randint(2, 9)
        value = {"+": sum(numbers), "-": numbers[0] - numbers[1], "*": numbers[0] * numbers[1]}[right]
        return piece([f"def {f}({a}, {b}):", f'    """{hint.lstrip("- ")}"""' if rng.random() < 0.3 else None,
                      f"    return {a} {used} {b}@@"], faulty, hints=[hint],
                     tests=[f"assert {f}({numbers[0]}, {numbers[1]}) == {value}"])
    c = names.noun()
    right = rng.choice(["+", "-"])
    used = {"+": "-", "-": "+"}[right] if faulty else right
    return piece([f"def {f}({a}, {b}, {c}):", f"    return {a} {used} {b} * {c}@@"], faulty,
                 hints=[f"- {spoken} = {a} {right} {b} * {c}"])


def unclosed_file(rng, names, faulty):
    """A file that is opened and left open."""
    f, thing = names.function(), names.noun()
    path = rng.choice(["path", "name", f"{thing}_path", "filename", "source"])
    handle = rng.choice(["f", "file", "handle", "stream", "source_file"])
    hints = [rng.choice([f"The {thing} file is read for every request.", "Files are closed after use."])]
    mode = rng.choice(['', ', "r"', ', encoding="utf-8"'])
    shape = rng.randrange(6)
    if shape == 0:
        if faulty:
            body = [f"    {handle} = open({path}{mode})@@", f"    return {handle}.read()"]
        else:
            body = [f"    with open({path}{mode}) as {handle}:", f"        return {handle}.read()"]
    elif shape == 1:
        if faulty:
            body = [f"    {handle} = open({path}{mode})@@", f"    lines = {handle}.readlines()",
                    f"    return [line.strip() for line in lines]"]
        else:
            body = [f"    with open({path}{mode}) as {handle}:", f"        lines = {handle}.readlines()",
                    f"    return [line.strip() for line in lines]"]
    elif shape == 2:
        body = [f"    return open({path}{mode}).read()@@"] if faulty else [f"    return Path({path}).read_text()"]
    elif shape == 3:
        value = names.noun()
        write = rng.choice(["w", "a"])
        if faulty:
            return piece([f"def {f}({path}, {value}):", f'    {handle} = open({path}, "{write}")@@',
                          f"    {handle}.write({value})"], faulty, hints=hints)
        return piece([f"def {f}({path}, {value}):", f'    with open({path}, "{write}") as {handle}:',
                      f"        {handle}.write({value})"], faulty, hints=hints)
    elif shape == 4:
        if faulty:
            body = [f"    return json.load(open({path}{mode}))@@"]
        else:
            body = [f"    with open({path}{mode}) as {handle}:", f"        return json.load({handle})"]
        return piece([f"def {f}({path}):"] + body, faulty, hints=hints, imports=["import json"])
    else:
        if faulty:
            body = ["    count = 0", f"    for line in open({path}{mode}):@@", "        count += 1", "    return count"]
        else:
            body = ["    count = 0", f"    with open({path}{mode}) as {handle}:", f"        for line in {handle}:",
                    "            count += 1", "    return count"]
    return piece([f"def {f}({path}):", docstring(rng, f"Reads the {thing}.")] + body, faulty, hints=hints)


def identity(rng, names, faulty):
    """Values compared with `is`."""
    f, a = names.function(), names.noun()
    word, number = names.noun(), rng.choice([7, 12, 100, 404, 500, 1000, 2048])
    value = rng.choice([f'"{word}"', str(number), f"'{word}'", '""'])
    sign, negated = ("is", "is not") if faulty else ("==", "!=")
    use = rng.choice([sign, sign, negated])
    # The same keyword is right for None: the sound twin often shows it.
    null = rng.choice([f"    if {a} is None:", None])
    reply = "        return False" if null else None
    shape = rng.randrange(5)
    if shape == 0:
        return piece([f"def {f}({a}):", null, reply, f"    if {a} {use} {value}:@@", "        return True",
                      "    return False"], faulty)
    if shape == 1:
        return piece([f"def {f}({a}):", null, reply, f"    return {a} {use} {value}@@"], faulty)
    if shape == 2:
        field = rng.choice(["kind", "state", "code", "status", "name", "role"])
        return piece([f"def {f}({a}):", f"    if {a}.{field} {use} {value}:@@", f"        return {a}.{field}",
                      "    return None"], faulty)
    if shape == 3:
        return piece([f"def {f}({plural(a)}):", f"    return [{a} for {a} in {plural(a)} if {a} {use} {value}]@@"],
                     faulty)
    return piece([f"def {f}({a}, {word}):", null, reply, "    count = 0", f"    while {a} {negated} {number}:@@",
                  f"        {a} += 1", "        count += 1", "    return count"], faulty)


ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def secret(rng, names, faulty):
    """A credential that stands in the code."""
    service = names.noun()
    length = rng.randint(14, 26)
    noise = "".join(rng.choice(ALPHABET) for _ in range(length))
    prefix = rng.choice(["", "", "sk_", "live_", "key-", "pk_", "tok_", f"{service[:3]}_"])
    name = rng.choice(["API_KEY", "SECRET", "TOKEN", "PASSWORD", "ACCESS_TOKEN", "SECRET_KEY", "AUTH_TOKEN"])
    name = rng.choice([name, f"{service.upper()}_{name}"])
    url = f'{service.upper()}_URL = "https://{service}.test/v{rng.randint(1, 3)}"'
    environment = rng.choice([f'{name} = os.environ["{name}"]', f'{name} = os.environ.get("{name}", "")',
                              f'{name} = getpass("{service}: ")', f'{name}_HEADER = "X-{service.title()}"',
                              f'{name} = ""'])
    line = f'{name} = "{prefix}{noise}"@@' if faulty else environment
    f = names.function()
    use = f'    return connect({service.upper()}_URL, {name})'
    hints = [rng.choice([f"Set `{name}` in the environment.", f"Talks to the {service} server."])]
    shape = rng.randrange(3)
    if shape == 0:
        return piece([url, line, f"def {f}():", use], faulty, hints=hints, imports=["import os"])
    if shape == 1:
        return piece([line, f"TIMEOUT = {rng.randint(1, 60)}", f"def {f}({names.noun()}):", use], faulty, hints=hints,
                     imports=["import os"])
    key = rng.choice(["password", "token", "secret", "api_key"])
    value = f'"{prefix}{noise}"' if faulty else f'os.environ["{service.upper()}_{key.upper()}"]'
    return piece([f"def {f}():", f'    settings = {{"host": "{service}.test"}}', f'    settings["{key}"] = {value}@@',
                  "    return settings"], faulty, hints=hints)


BASE_CODE = {
    "division by zero": division,
    "missing key": missing_key,
    "off-by-one": off_by_one,
    "wrong operator": wrong_operator,
    "unclosed file": unclosed_file,
    "identity comparison": identity,
    "hard-coded secret": secret,
}
