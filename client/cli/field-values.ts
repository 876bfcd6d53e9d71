import type { CustomField, CustomFieldType, FieldValue } from '../../domain/custom-field.ts'
import { Refusal } from '../../domain/refusal.ts'

/** A value as it is written on a command line. What is not of its type is left a text, and refused where it is set. */
export function readFieldValue(type: CustomFieldType, written: string): FieldValue {
  switch (type) {
    case 'integer':
    case 'float':
      return /^[+-]?\d*\.?\d+(?:e[+-]?\d+)?$/i.test(written) ? Number(written) : written
    case 'boolean':
      return written === 'true' ? true : written === 'false' ? false : written
    case 'line':
      return written
  }
}

/** `key=value`; an empty value clears. */
export function readFieldValues(
  fields: readonly CustomField[],
  written: readonly string[],
): Record<string, FieldValue | null> {
  const pairs = written.map((pair): [string, FieldValue | null] => {
    const at = pair.indexOf('=')
    if (at < 1) throw new Refusal({ field: pair, rule: 'is no key=value', remedy: 'Write it as shoe_size=38.' })
    const [key, value] = [pair.slice(0, at), pair.slice(at + 1)]
    const type = fields.find((field) => field.key === key)?.type ?? 'line'
    return [key, value === '' ? null : readFieldValue(type, value)]
  })
  return Object.fromEntries(pairs)
}
