import { expect, test } from 'vitest'
import { fieldInput } from '../../domain/field-input.ts'

test.each([
  ['integer', '42', 42],
  ['integer', ' -7 ', -7],
  ['integer', '', null],
  ['integer', '4.2', undefined],
  ['integer', '1e3', undefined],
  ['integer', '9007199254740991', 9007199254740991],
  ['integer', '9007199254740992', undefined],
  ['integer', '0x10', undefined],
  ['float', '4.25', 4.25],
  ['float', '-.5e2', -50],
  ['float', '1e999', undefined],
  ['float', 'NaN', undefined],
  ['float', '4,25', undefined],
  ['line', '  Zürich 🏔 ', 'Zürich 🏔'],
  ['line', '   ', null],
  ['line', 'two\nlines', undefined],
  ['line', 'a\u2028b', undefined],
  ['line', 'x'.repeat(1001), undefined],
  ['boolean', 'yes', true],
  ['boolean', '', false],
] as const)('%s: %j is %j', (type, text, value) => expect(fieldInput(type, text)).toBe(value))
