import { type RawBuilder, sql } from 'kysely'

/**
 * A parameter of type bytea[]. The driver takes an array of buffers for one single bytea; so they go as hex text
 * that Postgres casts.
 */
export const byteaArray = (buffers: readonly (Buffer | null)[]): RawBuilder<Buffer[]> =>
  sql`${buffers.map((buffer) => (buffer === null ? null : `\\x${buffer.toString('hex')}`))}::text[]::bytea[]`
