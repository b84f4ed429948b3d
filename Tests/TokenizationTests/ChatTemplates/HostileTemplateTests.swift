// A template comes with a model from anywhere. Whatever it says, the answer is a failure in bounded time and memory.

import SafeIO
import Testing
import Tokenization

@Suite struct HostileTemplateTests {
  @Test(arguments: [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(1000000000) %}{{ i }}{% endfor %}",
    "{{ range(-9223372036854775807, 9223372036854775807, 1)|length }}",
    "{% set ns = namespace(s='a') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "{{ 'ab' * 1000000000 }}", "{{ 9223372036854775807 * 'ab' }}", "{{ [1] * 9223372036854775807 }}",
    "{% set s = 'a' * 4000000 %}{% for i in range(9999) %}{% set t = s.replace('a', 'b') %}{% endfor %}",
    "{% set s = 'a' * 2000000 %}{{ s.replace('a', s) }}", "{{ ('a' * 99999).replace('', 'x' * 99999) }}",
    "{{ ('a' * 4000000)|center(9223372036854775807) }}", "{{ 'a'|indent(9223372036854775807) }}",
    "{{ 'a'|center(-9223372036854775807) ~ raise_exception('end') }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m() %}{{ n() }}{% endcall %}{% endmacro %}{{ n() }}",
    "{% for a in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
    "{% set l = [] %}{% set q = l.append(l) %}{{ l }}",
    "{% set l = [] %}{% set q = l.append(l) %}{{ l|tojson }}",
    "{% set l = [] %}{% set k = [] %}{% set q = l.append(l) %}{% set q = k.append(k) %}{{ l == k }}",
    "{% set ns = namespace(x=[]) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
    "{% set r = [] %}{% set ns = namespace(x=r) %}{% for i in range(90000) %}{% set n = [] %}{% set q = ns.x.append(n) %}{% set ns.x = n %}{% endfor %}{{ r }}",
    "{% set ns = namespace(x={}) %}{% for i in range(90) %}{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(m=none) %}{% for i in range(90000) %}{% set p = ns.m %}{% macro m() %}{{ p }}{% endmacro %}{% set ns.m = m %}{% endfor %}{{ raise_exception('end') }}",
    "{% set ns = namespace(l=1) %}{% for i in range(90000) %}{% for a in [ns.l] %}{% set ns.l = loop %}{% endfor %}{% endfor %}{{ raise_exception('end') }}",
    "{{ '%1000000000s' % 'a' % 1 }}", "{{ 2 ** 9999999999 }}", "{{ 9223372036854775807 + 1 }}",
    "{{ (-9223372036854775807 - 1) // -1 }}", "{{ -(-9223372036854775807 - 1) }}",
    "{{ 1 % 0 }}", "{{ 1.5 % 0 }}", "{{ [1][::0] }}", "{{ (-8) ** 0.5 }}",
    "{{ strftime_now('%c' * 4000) }}", "{{ [1]|batch(9223372036854775807, 1)|list }}",
    "{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' as y %}", "{% if x %}", "{% endif %}", "{{ x",
    "{% raw %}",
    "{# x", "{{ 'x }}", "{{ ) }}", "{{ x | }}", "{{ 1 + }}", "{% for %}{% endfor %}", "{% break %}",
    "{% set true = 1 %}",
    "{{ \u{a7} }}", "{{ '\\ud800' }}", "{% macro m(a=1, b) %}{% endmacro %}", "{% call x %}{% endcall %}",
    "{{ f(a=1, 2) }}",
    "{{ (['A' * 4000000] * 100000)|sort|length }}",
    "{{ (['A' * 4000000] * 100000)|map('trim')|list|length }}",
    "{{ (['A' * 4000000] * 100000)|unique|list|length }}",
    "{{ (['A' * 4000000] * 100000)|select('upper')|list|length }}",
    "{{ (['a'] * 100000)|map('replace', 'A' * 4000000, '')|list|length }}",
    "{{ (['a'] * 100000)|select('in', 'A' * 4000000)|list|length }}",
    "{% set m = {'A' * 4000000: 1} %}{% for i in range(99999) %}{% set d = dict(**m) %}{% endfor %}",
    "{% set m = {} %}{% for i in range(99999) %}{{ m['A' * 4000000] }}{% endfor %}",
    "{% set l = [] %}{% set q = l.append(l) %}{{ ([l] * 100000)|map(attribute='0.' * 100000 ~ '0')|list }}",
    "{{ ['a']|map(*(['map'] * 20000))|list }}",
    "{{ '%1000000000d' % 1 }}", "{{ '%.1000000000f' % 1.5 }}", "{{ '%*d' % (1000000000, 1) }}",
    "{{ '{:1000000000}'.format(1) }}", "{{ '{:.1000000000f}'.format(1.5) }}",
    "{{ '{:99999999999999999999}'.format(1) }}",
    "{{ ('{:' * 1000 ~ '}' * 1000).format(1) }}", "{{ 'a'.ljust(1000000000) }}",
    "{{ 'a'.zfill(1000000000) }}",
    "{{ ('\\t' * 1000000).expandtabs(1000000) }}", "{{ ('a' * 4000000).split('a')|length }}",
    "{{ ('a ' * 2000000).split()|length }}", "{{ ('\\n' * 4000000).splitlines()|length }}",
    "{{ ('a' * 4000000)|list|length }}", "{% for c in 'a' * 4000000 %}{% endfor %}",
    "{{ ('a-' * 2000000)|wordwrap(1)|length }}", "{{ ('\u{3a3}' * 2000000)|lower|length }}",
    "{{ ('<' * 4000000)|e }}", "{{ ('\u{e9}' * 2000000)|tojson(ensure_ascii=true)|length }}",
    "{{ [[1] * 90000] * 90000 }}", "{{ ([[1] * 90000] * 90000)|tojson }}",
    "{% set ns = namespace(l=[]) %}{% for i in range(90000) %}{% set ns.l = ns.l + [i] %}{% endfor %}",
    "{% set ns = namespace(l=[]) %}{% for i in range(1000) %}{% set ns.l = [ns.l, [0] * 99999] %}{% endfor %}",
    "{% set ns = namespace(d={}) %}{% for i in range(99999) %}{% set ns.d = dict(ns.d, **{i|string: i}) %}{% endfor %}",
    "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a }}",
    "{% set ns = namespace(f=1) %}{% for i in range(90000) %}{% set ns.f = [ns.f].copy %}{% endfor %}",
    "{% set ns = namespace(f={}) %}{% for i in range(90000) %}{% set ns.f = {'a': ns.f}.get %}{% endfor %}",
    "{% set o = namespace(n=1) %}{% for i in range(90000) %}{% set o.n = namespace(n=o.n) %}{% endfor %}{{ o.n }}",
    "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) ~ m(n - 1) }}{% else %}aaaaaaaaaa{% endif %}{% endmacro %}{{ m(40) }}",
    "{% set a = 'a' * 1000000 %}{% for i in range(1000) %}{{ a[::-1]|length }}{% endfor %}",
    "{% set a = 'a' * 1000 %}{% for i in range(99999) %}{% set b = a|title %}{% endfor %}",
    "{% set l = range(1000)|list %}{% for i in range(99999) %}{% set b = l|sort %}{% endfor %}",
    "{% for i in range(99999) %}{{ strftime_now('%c' * 300) }}{% endfor %}",
    "{{ x|tojson(indent=99999999999) }}", "{{ lipsum() }}", "{{ xs|random }}", "{{ 'a'|urlize }}",
    "{{ 'a'|striptags }}",
    "{% from 'x' import y %}", "{% autoescape true %}{% endautoescape %}",
  ])
  func `a hostile template fails`(_ source: String) {
    let failure = #expect(throws: Failure.self) { try TemplateSample.render(source) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.hasPrefix("sample: line 1, column ") == true)
  }

  @Test(arguments: [
    ("(", ")"), ("[", "]"), ("{'a': ", "}"), ("not ", ""), ("-", ""), ("x[", "]"), ("x(", ")"),
    ("1 if ", " else 2"),
    ("1 + ", ""), ("1 ** ", ""), ("x or ", ""), ("x == (", ")"), ("", "|upper"), ("", ".x"),
    ("", " is defined"),
    ("'a' ~ (", ")"), ("x[1:", "]"),
  ])
  func `deep nesting of expressions fails`(_ opening: String, _ closing: String) {
    let depth = 100_000
    let source =
      "{{ " + String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)
      + " }}"
    #expect(throws: Failure.self) { try TemplateSample.render(source) }
  }

  @Test(arguments: [
    "{% if 1 %}", "{% for a in [1] %}", "{% macro m() %}", "{% set x %}", "{% filter upper %}", "{% with %}",
    "{% call x() %}", "{% generation %}",
  ])
  func `deep nesting of blocks fails`(_ opening: String) {
    let source = String(repeating: opening, count: 100_000)
    #expect(throws: Failure.self) { try TemplateSample.render(source) }
  }

  @Test func `nesting within the limits works`() throws {
    let depth = 70
    let lists = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect(try TemplateSample.render("{{ \(lists) }}") == lists)
    let blocks =
      String(repeating: "{% if 1 %}", count: depth) + "a" + String(repeating: "{% endif %}", count: depth)
    #expect(try TemplateSample.render(blocks) == "a")
    let recursion = "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{% endif %}.{% endmacro %}{{ m(99)|length }}"
    #expect(try TemplateSample.render(recursion) == "100")
  }

  @Test func `a search in long repetitive text takes linear time`() throws {
    let source = "{% set a = 'a' * 1000000 %}{{ (a ~ 'b' ~ a) in (a ~ a ~ a) }}"
    #expect(try TemplateSample.render(source) == "False")
  }

  @Test func `a template that is too long is refused before it is read`() {
    let source = String(repeating: "{{ a }}", count: 50_000)
    let failure = #expect(throws: Failure.self) { try TemplateSample.render(source) }
    #expect(failure == .badData("sample", "the template has more than 256 KiB"))
  }

  @Test func `a long conversation may be looked through at each of its messages`() throws {
    let message: JSON = [
      "role": "user", "content": "What is the capital of Peru? It is a city on the coast.",
    ]
    let source = """
      {% for m in messages %}{% set rest = messages[loop.index0:] %}{{ rest|length }}
      {{ messages|selectattr('role', 'equalto', 'user')|list|length }} {{ m.content|trim|upper }}
      {% endfor %}
      """
    let text = try ChatTemplate(source: source, name: "t").render(
      messages: .array(Array(repeating: message, count: 1000)), tools: nil, addGenerationPrompt: false,
      tokens: [:])
    #expect(text.hasPrefix("1000\n1000 WHAT IS") && text.utf8.count > 60_000)
  }
}
