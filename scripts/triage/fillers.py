"""Sound functions of no family: what most code is made of. Without many of them a model takes whatever it has not
seen for a fault: arithmetic that no document speaks of, a key that is plainly there, a comparison, a loop."""

from shapes import piece, plural


def filler(rng, names):
    """A sound function."""
    return piece(rng.choice(SHAPES)(rng, names), False)


def arithmetic(rng, names):
    f, a, b, c = names.function(), names.noun(), names.noun(), names.noun()
    sign, other = rng.choice("+-*"), rng.choice("+-*")
    number = rng.choice([2, 10, 12, 60, 100, 0.5, 1.2, 3.6])
    body = rng.choice([
        [f"    return {a} {sign} {b}"],
        [f"    return {a} {sign} {b} {other} {c}"],
        [f"    return ({a} {sign} {b}) * {number}"],
        [f"    return {a} / {number}"],
        [f"    return {a} * {number} {rng.choice('+-')} {b}"],
        [f"    return {a} // {rng.choice([2, 10, 60])}"],
        [f"    return {a} % {rng.choice([2, 10, 60, 100, 256])}"],
        [f"    result = {a} {sign} {b}", "    return result"],
        [f"    return round({a} {sign} {b}, {rng.randint(1, 3)})"],
        [f"    {c} = {a} {sign} {number}", f"    return {c} {other} {b}"],
    ])
    return [f"def {f}({a}, {b}):" if not any(c in line for line in body) or f"    {c} =" in body[0]
            else f"def {f}({a}, {b}, {c}):"] + body


def class_of(rng, names):
    a, b, c, f = names.noun(), names.noun(), names.noun(), names.function()
    return [f"class {b.title()}:", f"    def __init__(self, {a}, {c}=None):", f"        self.{a} = {a}",
            f"        self.{c} = {c}", f"    def {f}(self):",
            rng.choice([f"        return self.{a}", f'        return f"{{self.{a}}} {{self.{c}}}"',
                        f"        return self.{a} + 1", f"        return len(self.{a})"])]


def known_key(rng, names):
    """A dictionary that is written out above, read by a key that stands in it."""
    f, table, a, b = names.function(), plural(names.noun()), names.noun(), names.noun()
    entries = f'{{"{a}": {rng.randint(1, 99)}, "{b}": {rng.randint(1, 99)}}}'
    key = rng.choice([a, b])
    value = names.noun()
    return rng.choice([
        [f"def {f}({value}):", f"    {table} = {entries}", f'    return {value} + {table}["{key}"]'],
        [f"def {f}({value}):", f"    {table} = {entries}", f'    if {value} < {table}["{key}"]:', f'        return "{key}"',
         f'    return "{b}"'],
        [f"{table.upper()} = {entries}", f"def {f}():", f'    return {table.upper()}["{key}"]'],
        [f"def {f}({table}):", f"    for {a} in {table}:", f"        print({a}, {table}[{a}])"],
        [f"def {f}({table}):", f"    for {a}, {b} in {table}.items():", f"        print({a}, {b})"],
    ])


def loop(rng, names):
    f, a, b = names.function(), names.noun(), names.noun()
    many = plural(a)
    return rng.choice([
        [f"def {f}({many}):", f"    for {a} in {many}:", f"        print({a})"],
        [f"def {f}({many}, {b}):", f"    return [{a} for {a} in {many} if {a}.{b}]"],
        [f"def {f}({many}):", f"    return sum({a}.{b} for {a} in {many})"],
        [f"def {f}({many}):", "    lines = []", f"    for {a}, {b} in {many}:", f'        lines.append(f"{{{a}}}: {{{b}}}")',
         "    return lines"],
        [f"def {f}({many}):", f"    return max(({a}.{b} for {a} in {many}), default=0)"],
        [f"def {f}({many}):", f"    for i, {a} in enumerate({many}):", f"        print(i + 1, {a})"],
        [f"def {f}({many}):", f"    return sorted({many}, key=lambda {a}: {a}.{b})"],
        [f"def {f}({many}, {b}):", f"    while {many}:", f"        {b}.append({many}.pop())", f"    return {b}"],
        [f"def {f}({many}):", f"    if not {many}:", "        return None", f"    return {many}[0]"],
    ])


def condition(rng, names):
    f, a, b = names.function(), names.noun(), names.noun()
    number = rng.randint(2, 90)
    return rng.choice([
        [f"def {f}({a}, {b}={rng.randint(0, 9)}):", f"    if {a} > {b}:", f"        return {a}", f"    return {b}"],
        [f"def {f}({a}):", f"    if {a} is None:", "        return False", f"    return {a}.{b} == {number}"],
        [f"def {f}({a}, {b}):", f"    if {a} < {number}:", f'        raise ValueError("{a} is too small")', f"    return {b}"],
        [f"def {f}({a}):", f"    return {a} >= {number} and {a} != {number + 9}"],
        [f"def {f}({a}, {b}):", f"    {a} = {a} or {b}", f"    return {a}"],
        [f"def {f}({a}):", f'    return "{b}" if {a} else "{names.noun()}"'],
    ])


def text(rng, names):
    f, a, b = names.function(), names.noun(), names.noun()
    return rng.choice([
        [f"def {f}({a}):", f'    return f"{{{a}}} {b}"'],
        [f"def {f}({a}):", f'    return {a}.strip().lower()'],
        [f"def {f}({a}):", f'    return ", ".join({a})'],
        [f"def {f}({a}):", f'    return {a}.title or "{b}"'],
        [f"def {f}({a}):", f"    return str({a}).rjust({rng.randint(4, 20)})"],
        [f"def {f}():", "    return datetime.date.today().isoformat()"],
        [f"class {b.title()}Error(Exception):", f'    """The {a} did not {names.verb()}."""'],
        [f"{b.upper()} = {rng.randint(1, 500)}", f"def {f}({a}):", f"    return min({a}, {b.upper()})"],
        [f"{b.upper()} = os.environ.get(\"{b.upper()}\", \"https://{b}.test\")"],
    ])


SHAPES = [arithmetic, arithmetic, arithmetic, class_of, known_key, loop, loop, condition, text]
