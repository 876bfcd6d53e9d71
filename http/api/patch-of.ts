import { z } from 'zod'

/**
 * A body that changes some fields of what a schema describes. It looks at their names alone: to read a value by the
 * schema would turn what is absent into a default, and the domain reads them anyway.
 */
export const patchOf = (schema: z.ZodObject) =>
  z.strictObject(
    Object.fromEntries(Object.entries(schema.shape).map(([name, field]) => [name, asGiven(field).optional()])),
  )

/** Takes everything, and is described as the field is. */
function asGiven(field: z.core.$ZodType): z.ZodUnknown {
  const { $schema: _dialect, ...described } = z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' })
  return z.unknown().meta(described)
}
