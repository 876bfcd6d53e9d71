import type { z } from 'zod'
import { Refusal } from './refusal.ts'

/**
 * Reads what came from outside.
 * @param of what it is, with its article, for the error: "a resource".
 * @throws {Refusal} naming the first field that cannot be.
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown, of: string): z.output<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw refusalOf(parsed.error, of)
}

/**
 * The input that a patch makes of what stands: a field that is absent stays as it is, null clears it.
 * @param stands may hold more than can be set, such as an id: that is left out.
 */
export function patchedInput(schema: z.ZodObject, stands: object, patch: object): Record<string, unknown> {
  const settable = Object.entries(stands).filter(([name]) => Object.hasOwn(schema.shape, name))
  const given = Object.entries(patch).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(settable), ...Object.fromEntries(given) }
}

function refusalOf(error: z.ZodError, of: string): Refusal {
  const [issue] = error.issues
  const path = issue?.path ?? []
  if (issue?.code === 'unrecognized_keys')
    return new Refusal({
      field: [...path, issue.keys[0]].join('.'),
      rule: `is not a field of ${of}, or cannot be changed`,
      remedy: 'Remove it, or correct its name.',
    })
  return new Refusal({
    field: path.join('.'),
    rule: lowerFirst(issue?.message ?? 'is wrong'),
    remedy: 'Correct the value.',
  })
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
