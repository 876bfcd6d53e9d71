import type { TitledConsent } from '../../db/consents.ts'
import { table } from './table.ts'

/** What a contact's consent comes to, category by category: what decided it, by which right, since when. */
export const consentTable = (consents: readonly TitledConsent[]): string =>
  table(
    ['category', 'resource', 'consent', 'decided by', 'legal basis', 'explanation', 'since'],
    consents.map((each) => [
      each.title,
      each.resource,
      each.status,
      deciders[each.source],
      each.legalBasis,
      each.explanation,
      each.changedAt?.toISOString() ?? null,
    ]),
  )

const deciders = {
  everything: 'opt-out from everything',
  resource: 'opt-out from the resource',
  category: 'the category',
} as const
