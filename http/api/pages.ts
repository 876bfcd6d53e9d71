import { z } from 'zod'
import { Refusal } from '../../domain/refusal.ts'

export const pageQuery = {
  limit: z.coerce.number('must be a number').int().min(1).max(200).default(50).describe('How many at most.'),
  cursor: z.string().max(500).optional().describe('The field `next` of the page before.'),
}

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().describe('The cursor of the next page; null: the last.'),
  })

/** A page from one row more than it holds. @param positionOf where the list goes on, as digits and words. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  list: string,
  positionOf: (last: T) => string[],
): { items: T[]; next: string | null } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? cursor(list, positionOf(last)) : null }
}

const cursor = (list: string, position: string[]): string =>
  Buffer.from([list, ...position].join(' ')).toString('base64url')

/** Where a cursor points; null without one. @throws {Refusal} for one that this list did not give. */
export function readCursor(written: string | undefined, list: string, position: RegExp): string[] | null {
  if (written === undefined) return null
  const [of, ...parts] = Buffer.from(written, 'base64url').toString().split(' ')
  if (of === list && position.test(parts.join(' ')) && cursor(list, parts) === written) return parts
  throw new Refusal({
    field: 'cursor',
    rule: 'is not one that this list gave',
    remedy: 'Pass the field next of the page before, or leave it out for the first.',
  })
}

/** One id. */
export const idPosition = /^\d{1,18}$/
