import type { RecipientRow } from '../../db/ledger.ts'
import type { Accepted } from './fault-sink/accepted-log.ts'

/** What may not happen to a recipient, and how many it happened to. */
export interface Verdict {
  /** The ledger says `sent` and the mail server never took it, or the campaign has ended without a fate for them. */
  lost: number
  /** Taken more than once. */
  repeated: number
  /** Taken more than once, under different Message-IDs. */
  repeatedUnderOtherId: number
  /** Taken, and the ledger says neither `sent` nor `unknown`. */
  unrecorded: number
  /** Looks at which the fates did not sum to the audience. */
  wrongSums: number
}

export const flawless: Verdict = { lost: 0, repeated: 0, repeatedUnderOtherId: 0, unrecorded: 0, wrongSums: 0 }

/** Recipient by recipient. */
export function compare(ledger: RecipientRow[], accepted: Accepted[]): Omit<Verdict, 'wrongSums'> {
  const byAddress = Map.groupBy(accepted, ({ to }) => to)
  const count = (isSo: (row: RecipientRow, messages: Accepted[]) => boolean): number =>
    ledger.filter((row) => isSo(row, byAddress.get(row.address) ?? [])).length
  return {
    lost: count(
      ({ state }, { length }) => (state === 'sent' && length === 0) || state === 'queued' || state === 'claimed',
    ),
    repeated: count((_, { length }) => length > 1),
    repeatedUnderOtherId: count((_, messages) => new Set(messages.map(({ messageId }) => messageId)).size > 1),
    unrecorded: count(({ state }, { length }) => length > 0 && state !== 'sent' && state !== 'unknown'),
  }
}
