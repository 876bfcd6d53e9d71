import { describe, expect, it } from 'vitest'
import { Refusal, type RefusalDetails } from '../../domain/refusal.ts'
import { compileTemplate, type Escaping, type TemplateScope } from '../../domain/template.ts'

const scope = (attributes: Record<string, unknown> = {}): TemplateScope => ({
  contact: {
    first_name: 'Zoë <b>',
    last_name: null,
    external_id: 'c-7',
    email: 'zoe@example.com',
    language: 'fr',
    time_zone: 'Europe/Paris',
    attributes,
  },
  resource: { name: 'News' },
  campaign: { key: 'spring' },
  unsubscribe_url: 'https://example.com/u/abc',
})

const render = (source: string, attributes?: Record<string, unknown>, escaping: Escaping = 'html') =>
  compileTemplate(source, 'html', escaping).render(scope(attributes))

function refusalOf(source: string): RefusalDetails {
  try {
    compileTemplate(source, 'message.content.en.html', 'html')
  } catch (error) {
    if (error instanceof Refusal) return error.details
    throw error
  }
  throw new Error(`not refused: ${source}`)
}

describe('what a template can do', () => {
  it('names the contact, the resource, the campaign and the unsubscribe link', () => {
    const source =
      '{{ contact.external_id }} {{ contact.email }} {{ contact.language }} {{ contact.time_zone }} ' +
      '{{ resource.name }} {{ campaign.key }} {{ unsubscribe_url }}'
    expect(render(source)).toBe('c-7 zoe@example.com fr Europe/Paris News spring https://example.com/u/abc')
  })

  it('escapes HTML unless told otherwise, and leaves text alone', () => {
    expect(render('{{ contact.first_name }}')).toBe('Zoë &lt;b&gt;')
    expect(render('{{ contact.first_name | raw }}')).toBe('Zoë <b>')
    expect(render('{{ contact.first_name }}', {}, 'none')).toBe('Zoë <b>')
  })

  it('takes any attribute of the contact, at any depth, and renders a missing one as nothing', () => {
    expect(
      render('{{ contact.attributes.plan.name }}|{{ contact.attributes["favourite dish"] }}', {
        plan: { name: 'gold' },
        'favourite dish': 'soup',
      }),
    ).toBe('gold|soup')
    expect(render('[{{ contact.attributes.nothing.at.all }}]')).toBe('[]')
  })

  it('has defaults, conditions, loops and variables of its own', () => {
    expect(render('{{ contact.last_name | default: "friend" }}')).toBe('friend')
    expect(
      render('{% assign dish = contact.attributes.dish %}{% if dish %}{{ dish | upcase }}{% endif %}', {
        dish: 'soup',
      }),
    ).toBe('SOUP')
    expect(
      render('{% for each in contact.attributes.list %}{{ forloop.index }}{{ each }}{% endfor %}', {
        list: ['a', 'b'],
      }),
    ).toBe('1a2b')
  })

  it('cannot change what the next part of the message sees', () => {
    const template = compileTemplate('{% increment unsubscribe_url %}', 'html', 'html')
    const seen = scope()
    expect([template.render(seen), template.render(seen), seen.unsubscribe_url]).toEqual([
      '0',
      '0',
      'https://example.com/u/abc',
    ])
  })
})

describe('what a template is refused for', () => {
  it.each([
    ['{{ first_name }}', 'first_name'],
    ['{{ contact.firstname }}', 'contact.firstname'],
    ['{{ contact.first_name | default: nick }}', 'nick'],
    ['{% if account.open %}{% endif %}', 'account.open'],
    ['{% if false %}{{ hidden.away }}{% endif %}', 'hidden.away'],
    ['{% for i in (1..count) %}{% endfor %}', 'count'],
    ['{{ contact[field] }}', 'contact.field'],
    ['{{ contact }}', 'contact'],
    ['{{ contact.constructor }}', 'contact.constructor'],
    ['{{ contact.__proto__ }}', 'contact.__proto__'],
    ['{{ constructor }}', 'constructor'],
    ['{{ toString }}', 'toString'],
  ])('the unknown variable in %s', (source, variable) => {
    expect(refusalOf(source)).toEqual({
      field: 'message.content.en.html',
      rule: `the template uses the unknown variable ${variable}`,
      remedy:
        'Known are contact.first_name, contact.last_name, contact.external_id, contact.email, contact.language, ' +
        'contact.time_zone, contact.attributes, resource.name, campaign.key, unsubscribe_url, preferences_url; ' +
        "a contact's own fields are contact.attributes.<name>, a subscription's subscription.<name>.",
    })
  })

  it.each([
    ['a filter that does not exist', '{{ contact.email | shout }}', 'undefined filter: shout'],
    ['a filter inherited by every object', '{{ 1 | valueOf }}', 'undefined filter: valueOf'],
    ['an output that is not closed', '{{ contact.email ', 'output "{{ contact.email " not closed'],
    ['a tag that is not closed', '{% if true %}', 'tag {% if true %} not closed'],
    ['a loop that fills the memory', '{% for i in (1..100000000) %}x{% endfor %}', 'memory alloc limit exceeded'],
    [
      'a loop without end',
      '{% for a in (1..3000) %}{% for b in (1..3000) %}{% for c in (1..3000) %}{% endfor %}{% endfor %}{% endfor %}',
      'template render limit exceeded',
    ],
    ['a template beyond a million characters', 'x'.repeat(1_000_001), 'parse length limit exceeded'],
    ['a file included', "{% include '/etc/hostname' %}", 'tag "include" not found'],
    [
      'a file rendered in a branch never taken',
      "{% if false %}{% render 'other' %}{% endif %}",
      'tag "render" not found',
    ],
    ['a layout', "{% layout 'frame' %}", 'tag "layout" not found'],
  ])('%s', (_name, source, why) => {
    const { rule } = refusalOf(source)
    expect(rule).toContain(`the template does not work: ${why}`)
  })
})

describe('data of the contact', () => {
  it('is never a way to the prototype', () => {
    const attributes = JSON.parse('{"__proto__": {"polluted": "yes"}, "list": [1]}') as Record<string, unknown>
    expect(
      render('[{{ contact.attributes.constructor.name }}{{ contact.attributes.list.constructor }}]', attributes),
    ).toBe('[]')
    expect(render('[{{ contact.attributes.toString }}{{ contact.attributes.list.map }}]', attributes)).toBe('[]')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('is never a template itself', () => {
    expect(render('{{ contact.attributes.dish }}', { dish: '{{ contact.email }}{% raw %}' })).toBe(
      '{{ contact.email }}{% raw %}',
    )
  })

  it('that would render for ever fails that one recipient', () => {
    const template = compileTemplate('{% for i in (1..contact.attributes.n) %}x{% endfor %}', 'html', 'html')
    expect(template.render(scope({ n: 3 }))).toBe('xxx')
    expect(() => template.render(scope({ n: 1e9 }))).toThrow('memory alloc limit exceeded')
  })
})
