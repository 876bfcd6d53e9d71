import { z } from 'zod'
import { closestName } from '../../domain/closest-name.ts'
import { Refusal } from '../../domain/refusal.ts'

/** Reads a value by a schema. @throws {Refusal} naming the first field that is wrong, and why. */
export function checked(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw issue?.code === 'unrecognized_keys' ? unknownField(schema, issue) : wrongField(value, issue)
}

function unknownField(schema: z.ZodType, { path, keys }: { path: PropertyKey[]; keys: string[] }): Refusal {
  const [unknown = ''] = keys
  const known = Object.keys(shapeAt(schema, path))
  const closest = closestName(unknown, known)
  const remedy = closest === null ? `There are ${known.join(', ') || 'none'}.` : `Is ${closest} meant?`
  return new Refusal({ field: fieldName([...path, unknown]), rule: 'is not a field', remedy })
}

function wrongField(value: unknown, issue: z.core.$ZodIssue | undefined): Refusal {
  const path = issue?.path ?? []
  const isMissing = path.length > 0 && valueAt(value, path) === undefined
  const rule = isMissing ? 'is missing' : lowerFirst(issue?.message ?? 'is wrong')
  return new Refusal({ field: fieldName(path), rule, remedy: isMissing ? 'Add it.' : 'Correct the value.' })
}

const fieldName = (path: readonly PropertyKey[]): string => path.map(String).join('.')
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  )

/** The fields of the object that a path leads to. */
function shapeAt(schema: z.core.$ZodType, [key, ...rest]: readonly PropertyKey[]): Record<string, z.core.$ZodType> {
  const bare = unwrapped(schema)
  if (bare instanceof z.ZodObject) {
    if (key === undefined) return bare.shape
    const inner = bare.shape[String(key)]
    return inner === undefined ? {} : shapeAt(inner, rest)
  }
  if (key === undefined) return {}
  if (bare instanceof z.ZodRecord) return shapeAt(bare.valueType, rest)
  return bare instanceof z.ZodArray ? shapeAt(bare.element, rest) : {}
}

const unwrapped = (schema: z.core.$ZodType): z.core.$ZodType =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable
    ? unwrapped(schema.unwrap())
    : schema instanceof z.ZodPipe
      ? unwrapped(schema.in)
      : schema
