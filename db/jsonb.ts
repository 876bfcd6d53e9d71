import { type RawBuilder, sql } from 'kysely'

/**
 * A value as jsonb. Given as it is, the driver would take a list for an array of PostgreSQL's, and write a text that is
 * JSON already as a JSON string.
 */
export const jsonb = (value: unknown): RawBuilder<string> => sql<string>`(${JSON.stringify(value)}::text)::jsonb`

/** The same, and no JSON for no value. */
export const jsonbOrNull = (value: unknown): RawBuilder<string> | null => (value === null ? null : jsonb(value))
