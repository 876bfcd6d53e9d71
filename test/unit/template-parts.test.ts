import * as fc from 'fast-check'
import { Liquid } from 'liquidjs'
import { describe, expect, it } from 'vitest'
import { compileTemplate, type Escaping, type TemplateScope } from '../../domain/template.ts'

/** liquidjs alone, rendering the whole template in one go. */
const whole: Record<Escaping, Liquid> = {
  html: new Liquid({ outputEscape: 'escape', ownPropertyOnly: true, strictFilters: true, memoryLimit: 10_000_000 }),
  none: new Liquid({ ownPropertyOnly: true, strictFilters: true, memoryLimit: 10_000_000 }),
}

const outputs = [
  '{{ contact.first_name }}',
  '{{ contact.last_name | default: "there" }}',
  "{{ contact.attributes.a | default: 'x <y>' }}",
  '{{ contact.attributes.a }}',
  '{{ contact.attributes["a b"] }}',
  '{{ contact.attributes["a b"].c.d }}',
  '{{ contact.attributes.a.b }}',
  '{{ contact.attributes.a[0] }}',
  '{{ contact.attributes.a[-1] }}',
  '{{ contact.attributes.a.size }}',
  '{{ contact.attributes.a.first }}',
  '{{ contact.attributes.a.last.b }}',
  '{{ contact.attributes.size }}',
  '{{ contact.attributes.toString }}',
  '{{ contact.attributes.constructor.name }}',
  '{{ contact.attributes.a.length }}',
  '{{ contact.attributes[contact.language] }}',
  '{{ contact.attributes.a | raw }}',
  '{{ contact.attributes.a | raw | upcase }}',
  '{{ contact.attributes.a | upcase | raw }}',
  '{{ contact.attributes.a | escape }}',
  '{{ contact.attributes.a | escape_once }}',
  '{{ contact.attributes.a | upcase }}',
  '{{ contact.attributes.a | downcase | capitalize }}',
  '{{ contact.attributes.a | strip | default: "nothing" }}',
  '{{ contact.attributes.a | append: "<" | prepend: 7 }}',
  '{{ contact.attributes.a | replace: "a", true }}',
  '{{ contact.attributes.a | truncate: 3, "" }}',
  '{{ contact.attributes.a | newline_to_br }}',
  '{{ contact.attributes.a | url_encode }}',
  '{{ contact.attributes.a | default: 0 }}',
  '{{ contact.attributes.a | default: nil }}',
  '{{ contact.attributes.a | default: false }}',
  '{{ contact.attributes.a | default: empty }}',
  '{{ contact.attributes.a | default: "no", allow_false: true }}',
  '{{ contact.attributes.a | default: contact.email }}',
  '{{ contact.attributes.a | split: "a" | join: "-" }}',
  '{{ contact.attributes.a | json }}',
  '{{ contact.attributes.a | size | plus: 1 }}',
  '{{ contact.attributes.a == false }}',
  '{{ contact.attributes.a == "a" }}',
  '{{ contact.attributes.a != 1 }}',
  '{{ contact.attributes.a == nil }}',
  '{{ contact.attributes.a != empty | upcase }}',
  '{{ contact.attributes.a == contact.attributes.b }}',
  '{{ "a" == contact.attributes.a }}',
  '{{ contact.attributes.a > 0 }}',
  '{{ "constant" | upcase }}',
  '{{ "constant".unsubscribe_url }}',
  '{{ (1..3) }}',
  '{{ unsubscribe_url }}',
]
const tags = [
  '{% if contact.attributes.a %}yes {{ contact.attributes.a }}{% else %}no{% endif %}',
  '{% if contact.attributes.a == "a" %}{{ contact.attributes.b }}{% elsif contact.attributes.a != true %} not {% endif %}',
  '{% if contact.attributes.a contains "a" and contact.attributes.b or contact.language == "en" %}a{% endif %}',
  '{% if contact.attributes.a == blank %}blank{% elsif contact.attributes.a %}{% else %}no{% endif %}',
  '{% if contact.attributes.a | url_encode %}<{{ contact.attributes.b | url_encode }}>{% endif %}',
  '{% if contact.attributes.a %}\n  {%- if contact.attributes.b -%} both {% else %} one{%- endif %}\n{% endif %}',
  '{% if contact.attributes.b %}{% assign shown = contact.attributes.a %}{% increment counter %}{% endif %}',
  '{% if true %}{% for each in contact.attributes.a %}{{ each }}{% endfor %}{% endif %}',
  '{% unless contact.attributes.b %}none{% endunless %}',
  '{% for each in contact.attributes.a %}{{ forloop.index }}{{ each }}{% endfor %}',
  '{% for contact in contact.attributes.a %}{{ contact }}{% break %}{% endfor %}',
  '{% for each in contact.attributes.a %}{% else %}{% break %}{% endfor %}',
  '{% case contact.attributes.a %}{% when 1, "a" %}one{% else %}other{% endcase %}',
  '{% assign shown = contact.attributes.a | upcase %}',
  '{% assign unsubscribe_url = contact.attributes.a %}',
  '{% assign contact = contact.attributes %}',
  '{% capture resource %}<{{ contact.email }}>{% endcapture %}',
  '{% assign shown = empty %}',
  '{% assign shown = empty %}{{ shown == "" }}{% if shown != "" %}not empty{% endif %}',
  '{% for each in contact.attributes.a %}{% assign shown = forloop %}{% endfor %}{{ shown.index }}{{ shown.length }}',
  '{% if contact.attributes.b %}{% assign constructor = 1 %}{% assign size = 2 %}{% endif %}{{ constructor }}{{ size }}',
  '{% increment unsubscribe_url %}',
  '{% decrement counter %}',
  '{% cycle "a", "b" %}',
  '{% raw %}{{ contact.email }}{% endraw %}',
  '{% comment %}{{ contact.email }}{% endcomment %}',
  '{% # a remark %}',
  '{% echo contact.attributes.a %}',
  '{% liquid\n assign shown = contact.language\n echo shown\n if contact.attributes.a\n break\n endif %}',
  '{% if contact.attributes.b %}{% break %}{% endif %}',
  '{% if contact.attributes.b %}{% continue %}{% endif %}',
  '{% tablerow each in contact.attributes.a cols:2 %}{{ each }}{% endtablerow %}',
]
const texts = ['Hello ', '\n', ' \t\n  ', '<b>', 'break', '"', '', '{ ', '}}']
// `shown` is unknown until something assigns it: a template that starts with this may always use it.
const opening = '{% assign shown = "" %}'

const ofShown = [
  '{{ shown }}',
  '{{ shown | default: "none" }}',
  '{{ shown.index }}',
  '{{ shown.length }}',
  '{{ shown.size }}',
]

const piece = fc.oneof(
  { arbitrary: fc.constantFrom(...outputs, ...ofShown), weight: 4 },
  { arbitrary: fc.constantFrom(...tags), weight: 2 },
  { arbitrary: fc.constantFrom(...texts), weight: 3 },
)
/** `{{ x }}` with and without the signs that take away the blanks around it. */
const trimmed = fc.tuple(piece, fc.boolean(), fc.boolean()).map(([source, left, right]) => trim(source, left, right))
const template = fc.array(trimmed, { maxLength: 8 }).map((pieces) => opening + pieces.join(''))

function trim(source: string, left: boolean, right: boolean): string {
  const opened = left ? source.replace(/^\{([{%])/, '{$1-') : source
  return right ? opened.replace(/([}%])\}$/, '-$1}') : opened
}

const word = fc.constantFrom(
  '',
  'a',
  ' a ',
  'Ada <&"\'>',
  '&lt;',
  'línea\r\nzwei\n',
  '👩‍👩‍👧‍👦',
  '\ud800',
  '%',
  'break',
)
const plain = fc.oneof(word, fc.string(), fc.constantFrom(null, true, false, 0, -0, 1, -1.5, 1e21, 'true'))
const value = fc.oneof(
  plain,
  fc.array(plain, { maxLength: 3 }),
  fc.record({ b: plain, size: plain, first: plain }, { requiredKeys: [] }),
  fc.array(fc.record({ b: plain }), { maxLength: 2 }),
  fc.jsonValue({ maxDepth: 2 }),
)
const scope: fc.Arbitrary<TemplateScope> = fc.record({
  contact: fc.record({
    first_name: fc.option(word),
    last_name: fc.option(word),
    external_id: fc.constant(null),
    email: word,
    language: fc.option(fc.constantFrom('a', 'b', 'en')),
    time_zone: fc.constant(null),
    attributes: fc.dictionary(fc.constantFrom('a', 'b', 'a b', 'size', '__proto__', 'en'), value),
  }),
  resource: fc.record({ name: word }),
  campaign: fc.record({ key: word }),
  unsubscribe_url: fc.constant('https://example.com/u/abc?x=1&y=2'),
})
const escaping = fc.constantFrom<Escaping>('html', 'none')

const outcome = (render: () => string): string => {
  try {
    return `text ${render()}`
  } catch (error) {
    return `error ${(error as Error).message}`
  }
}

const expectSame = (source: string, given: TemplateScope, how: Escaping): void => {
  const compiled = compileTemplate(source, 'text', how)
  const oracle = whole[how].parse(source)
  const expected = outcome(() => whole[how].renderSync(oracle, { ...given }) as string)
  expect(
    outcome(() => compiled.render(given)),
    source,
  ).toBe(expected)
}

describe('a template rendered in parts is what liquidjs renders as a whole', () => {
  it.each([...outputs, ...tags])('for any contact: %s', (source) => {
    fc.assert(
      fc.property(scope, escaping, (given, how) => expectSame(source, given, how)),
      { numRuns: 100 },
    )
  })

  it('for any contact and any order of texts, outputs, tags and blank control', () => {
    fc.assert(fc.property(template, scope, escaping, expectSame), { numRuns: 1_000 })
  })

  it('when one part fails: the message names the place', () => {
    const source = 'Hello\n{{ contact.attributes.a | url_encode }}'
    const compiled = compileTemplate(source, 'text', 'none')
    const given = scopeWith({ a: '\ud800' })
    expect(outcome(() => compiled.render(given))).toBe('error URI malformed, line:2, col:1')
    expectSame(source, given, 'none')
  })

  it('when something fails within a branch: the message names the place within', () => {
    const source = '{% if contact.attributes.b %}\n{{ contact.attributes.a | url_encode }}{% endif %}'
    const given = scopeWith({ a: '\ud800', b: 1 })
    expect(outcome(() => compileTemplate(source, 'text', 'none').render(given))).toBe(
      'error URI malformed, line:2, col:1',
    )
    expectSame(source, given, 'none')
  })

  it('when its parts reach the limit only together', () => {
    const source = '{{ contact.attributes.a | upcase }}'.repeat(3)
    const compiled = compileTemplate(source, 'text', 'none')
    expect(compiled.render(scopeWith({ a: 'x'.repeat(3_000_000) }))).toHaveLength(9_000_000)
    const given = scopeWith({ a: 'x'.repeat(4_000_000) })
    expect(outcome(() => compiled.render(given))).toBe('error memory alloc limit exceeded, line:1, col:71')
    expectSame(source, given, 'none')
  })

  it('when nothing had to be escaped: it counts against the limit like any other', () => {
    const source = '{{ contact.attributes.a }}'.repeat(3)
    for (const letter of ['x', '<']) {
      const given = scopeWith({ a: letter.repeat(4_000_000) })
      const failed = outcome(() => compileTemplate(source, 'html', 'html').render(given))
      expect(failed, letter).toBe('error memory alloc limit exceeded, line:1, col:53')
      expectSame(source, given, 'html')
    }
  })
})

describe('the parts', () => {
  const partsOf = (source: string, given: TemplateScope) => {
    const { literals, fill } = compileTemplate(source, 'text', 'html')
    return { literals, filled: fill(given) }
  }

  it('are the literals, without the blanks that were taken away, and what stands between them', () => {
    expect(
      partsOf('a  {{- contact.attributes.a }} b {% if contact.attributes.b %}c{% endif %}', scopeWith({ a: '<' })),
    ).toEqual({ literals: ['a', ' b ', ''], filled: ['&lt;', ''] })
  })

  it('are one from a tag on that may end the message', () => {
    expect(
      partsOf('{{ contact.email }} a {% if contact.attributes.b %}{% break %}{% endif %} b {{ contact.email }}', {
        ...scopeWith({ b: true }),
      }),
    ).toEqual({ literals: ['', ' a ', ''], filled: ['ada@example.com', ''] })
  })
})

function scopeWith(attributes: Record<string, unknown>): TemplateScope {
  return {
    contact: {
      first_name: 'Ada',
      last_name: null,
      external_id: null,
      email: 'ada@example.com',
      language: 'en',
      time_zone: null,
      attributes,
    },
    resource: { name: 'News' },
    campaign: { key: 'spring' },
    unsubscribe_url: 'https://example.com/u/abc',
  }
}
