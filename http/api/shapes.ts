import { z } from 'zod'

/** ISO 8601 in UTC. */
export const instant = z.iso.datetime()
export const id = z.string().describe('Digits; ids are strings, so that none is rounded.')
export const name = z.string().min(1).max(100)

/** Who is meant: exactly one of them. */
export const contactFields = {
  contactId: z.string().max(18).optional(),
  externalId: z.string().min(1).max(200).optional(),
  email: z.string().min(1).max(320).optional().describe('Of several contacts that have it, the earliest is meant.'),
}

/** The grounds that HubSpot knows, and this API with it. */
export const legalBases = [
  'CONSENT_WITH_NOTICE',
  'LEGITIMATE_INTEREST_CLIENT',
  'LEGITIMATE_INTEREST_OTHER',
  'LEGITIMATE_INTEREST_PQL',
  'NON_GDPR',
  'PERFORMANCE_OF_CONTRACT',
  'PROCESS_AND_STORE',
] as const

export const groundFields = {
  legalBasis: z.enum(legalBases).optional(),
  explanation: z.string().min(1).max(2000).optional().describe('Kept with the consent event.'),
}

/** As `frequencyPolicy` is shown. */
export const frequencyRules = z
  .array(z.object({ messages: z.int(), hours: z.int().optional(), days: z.int().optional() }))
  .nullable()
  .describe('At most so many messages in any window; null: as many as there are.')

type Shown<T> = { [K in keyof T]: T[K] extends Date ? string : T[K] extends Date | null ? string | null : T[K] }

/** A row with its instants as ISO 8601. */
export const withInstants = <T extends object>(row: T): Shown<T> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]),
  ) as Shown<T>
