import { z } from 'zod'
import { line, optional, otherwise } from './field-rules.ts'
import { parseInput, patchedInput } from './parse-input.ts'
import { Refusal } from './refusal.ts'
import { channelName } from './resource-channels.ts'

export const customFieldTypes = ['integer', 'float', 'line', 'boolean'] as const
export type CustomFieldType = (typeof customFieldTypes)[number]

export type FieldValue = string | number | boolean

/** What a subscription on a channel carries besides its state, as it is stored. */
export interface CustomField {
  id: string
  channel: string
  /** What programs and templates name it by. */
  key: string
  /** What people read. */
  name: string
  type: CustomFieldType
  defaultValue: FieldValue | null
  isRequired: boolean
  /** Shown on the preference page. */
  isListed: boolean
  createdAt: Date
}

/** Everything that a field can be set to. */
export const fieldSchema = z.strictObject({
  channel: otherwise(channelName, 'email'),
  /** Immutable. */
  key: z
    .string()
    .max(60, 'must have at most 60 characters')
    .regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'must be Latin letters, digits and underscores, and begin with a letter'),
  name: line(200),
  /** Immutable. */
  type: z.enum(customFieldTypes, `must be one of ${customFieldTypes.join(', ')}`),
  /** Used where no value is given. */
  defaultValue: optional(z.union([z.string(), z.number(), z.boolean()])),
  isRequired: otherwise(z.boolean(), false),
  isListed: otherwise(z.boolean(), false),
})

/** What people hand to `fields.define`. */
export type NewField = z.input<typeof fieldSchema>
/** What can be changed: a field that is absent stays as it is, null clears it. */
export type FieldPatch = Partial<Pick<NewField, 'name' | 'defaultValue' | 'isRequired' | 'isListed'>>
export type ParsedField = z.output<typeof fieldSchema>

/** @throws {Refusal} naming the field, the rule and the remedy. */
export function parseField(input: unknown): ParsedField {
  const parsed = parseInput(fieldSchema, input, 'a custom field')
  if (parsed.defaultValue === null) return parsed
  return { ...parsed, defaultValue: checkFieldValue(parsed.type, parsed.defaultValue, 'defaultValue') }
}

export function patchedField(stands: CustomField, patch: FieldPatch): ParsedField {
  const immutable = ['key', 'type', 'channel'].find((name) => name in patch)
  if (immutable !== undefined)
    throw new Refusal({
      field: immutable,
      rule: 'is immutable: values and templates depend on it',
      remedy: 'Leave it out; define another field.',
    })
  return parseField(patchedInput(fieldSchema, stands, patch))
}

/** @returns the value as it is stored. @throws {Refusal} when it is not of the type. */
export function checkFieldValue(type: CustomFieldType, value: unknown, field: string): FieldValue {
  const parsed = valueOf[type].safeParse(value)
  if (parsed.success) return parsed.data
  throw new Refusal({ field, rule: `must be ${described[type]}`, remedy: 'Correct the value.' })
}

const valueOf: Record<CustomFieldType, z.ZodType<FieldValue>> = {
  // zod's `int` is a safe one: beyond it JSON would round.
  integer: z.int(),
  float: z.number(),
  line: z
    .string()
    .max(1000)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u),
  boolean: z.boolean(),
}

const described: Record<CustomFieldType, string> = {
  integer: 'a whole number between -9007199254740991 and 9007199254740991',
  float: 'a finite number',
  line: 'one line of at most 1000 characters, without control characters',
  boolean: 'true or false',
}

/**
 * The values of a subscription after a change: what is given, else what stands, else the default; null clears.
 * @param at where the values stand in the input, for the error: `fields`.
 * @throws {Refusal} for a value of the wrong type, an unknown field, and a required one that is left without a value.
 */
export function fieldValues(
  fields: readonly CustomField[],
  stands: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  at = 'fields',
): Record<string, FieldValue> {
  refuseUnknown(fields, given, at)
  const values = fields.map((field): [string, FieldValue | null] => {
    const from = Object.hasOwn(given, field.key) ? given : stands
    // A field may be called `constructor`.
    const value = (Object.hasOwn(from, field.key) ? from[field.key] : null) ?? field.defaultValue
    if (value !== null) return [field.key, checkFieldValue(field.type, value, `${at}.${field.key}`)]
    if (field.isRequired)
      throw new Refusal({ field: `${at}.${field.key}`, rule: 'is required', remedy: 'Give it a value.' })
    return [field.key, null]
  })
  return Object.fromEntries(values.filter((pair): pair is [string, FieldValue] => pair[1] !== null))
}

function refuseUnknown(fields: readonly CustomField[], given: object, at: string): void {
  const unknown = Object.keys(given).find((name) => !fields.some(({ key }) => key === name))
  if (unknown === undefined) return
  throw new Refusal({
    field: `${at}.${unknown}`,
    rule: 'is not a custom field of this resource and channel',
    remedy:
      fields.length === 0
        ? 'Define it first (addressee fields define).'
        : `Known are ${fields.map(({ key }) => key).join(', ')}.`,
  })
}
