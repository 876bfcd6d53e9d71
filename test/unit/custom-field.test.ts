import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CustomField,
  checkFieldValue,
  customFieldTypes,
  fieldValues,
  parseField,
} from '../../domain/custom-field.ts'
import { Refusal } from '../../domain/refusal.ts'

describe('a field', () => {
  const size = { key: 'size', name: 'Size', type: 'integer' as const }

  test('has a channel, no default and no flags when nothing is said', () => {
    const rest = { channel: 'email', defaultValue: null, isRequired: false, isListed: false }
    expect(parseField(size)).toEqual({ ...size, ...rest })
  })

  test.each<[string, object, string]>([
    ['a name that begins with a digit', { key: '1st' }, 'key: must be Latin letters, digits and underscores'],
    ['a name with a hyphen', { key: 'shoe-size' }, 'key: must be Latin letters'],
    ['a name beyond Latin', { key: 'розмір' }, 'key: must be Latin letters'],
    ['no name', { key: '' }, 'key: must be Latin letters'],
    ['a long name', { key: 'x'.repeat(61) }, 'key: must have at most 60 characters'],
    ['another type', { type: 'date' }, 'type: must be one of integer, float, line, boolean'],
    ['a default of another type', { defaultValue: '42' }, 'defaultValue: must be a whole number'],
    ['a default with a fraction', { defaultValue: 4.2 }, 'defaultValue: must be a whole number'],
    ['an unknown channel', { channel: 'pigeon' }, 'channel: must be one of email'],
    ['an unknown property', { hidden: true }, 'hidden: is not a field of a custom field'],
  ])('is refused with %s', (_what, change, rule) => {
    expect(() => parseField({ ...size, ...change })).toThrow(rule)
  })
})

test.each([
  ['integer', [0, -1, Number.MAX_SAFE_INTEGER], [2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', true]],
  ['float', [0.5, -1e300, 3], [Number.NaN, Number.NEGATIVE_INFINITY, '0.5', false]],
  ['line', ['', 'x'.repeat(1000), 'Größe 🎉'], ['x'.repeat(1001), 'a\nb', '\0', 'a\u2028b', 1, true]],
  ['boolean', [true, false], [0, 1, 'true', '']],
] as const)('the type %s takes what is of it and nothing else', (type, good, bad) => {
  for (const value of good) expect(checkFieldValue(type, value, 'x')).toBe(value)
  for (const value of bad) expect(() => checkFieldValue(type, value, 'fields.x')).toThrow(/^fields\.x: must be /)
})

describe('the values of a subscription', () => {
  const field = (key: string, changes: Partial<CustomField> = {}): CustomField => ({
    id: key,
    channel: 'email',
    key,
    name: key,
    type: 'integer',
    defaultValue: null,
    isRequired: false,
    isListed: false,
    createdAt: new Date(0),
    ...changes,
  })

  test('are what is given, else what stands, else the default', () => {
    const fields = [
      field('a'),
      field('b'),
      field('c', { defaultValue: 3 }),
      field('d'),
      field('e', { defaultValue: 5 }),
    ]
    expect(fieldValues(fields, { b: 20, d: 40, e: 50 }, { a: 1, d: null, e: null })).toEqual({
      a: 1,
      b: 20,
      c: 3,
      e: 5,
    })
  })

  test('may be called what every object has', () => {
    const fields = [field('constructor'), field('toString', { defaultValue: 1 })]
    expect(fieldValues(fields, {}, {})).toEqual({ toString: 1 })
    expect(fieldValues(fields, {}, { constructor: 5 })).toEqual({ constructor: 5, toString: 1 })
  })

  test('are refused when one is unknown, of the wrong type, or required and absent', () => {
    const fields = [field('a', { isRequired: true }), field('b')]
    expect(() => fieldValues(fields, {}, { b: 1 })).toThrow('fields.a: is required. Give it a value.')
    expect(() => fieldValues(fields, { a: 1 }, { a: null })).toThrow('fields.a: is required')
    expect(() => fieldValues(fields, {}, { a: 1, c: 1 })).toThrow('fields.c: is not a custom field of this resource')
    expect(() => fieldValues(fields, {}, { a: 'x' })).toThrow('fields.a: must be a whole number')
    expect(() => fieldValues([], {}, JSON.parse('{"__proto__": 1}'))).toThrow('fields.__proto__: is not a custom field')
    expect(fieldValues([field('a', { isRequired: true, defaultValue: 0 })], {}, {})).toEqual({ a: 0 })
  })

  test('whatever is given, are of their types or refused with field and rule', () => {
    const fields = customFieldTypes.map((type) => field(type, { type }))
    const given = fc.dictionary(fc.constantFrom(...customFieldTypes, 'toString', 'other'), fc.anything(), {
      maxKeys: 4,
    })
    fc.assert(
      fc.property(given, (values) => {
        try {
          const stored = fieldValues(fields, {}, values)
          expect(JSON.parse(JSON.stringify(stored))).toEqual(stored)
          for (const [key, value] of Object.entries(stored))
            expect(typeof value).toBe({ integer: 'number', float: 'number', line: 'string', boolean: 'boolean' }[key])
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
          expect(error.details.field).toMatch(/^fields\../)
        }
      }),
    )
  })
})
