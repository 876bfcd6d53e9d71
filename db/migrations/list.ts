import type { Migration } from 'kysely/migration'
import * as base from './0001-base.ts'
import * as consent from './0002-consent.ts'
import * as campaigns from './0003-campaigns.ts'
import * as limits from './0004-limits.ts'
import * as tally from './0005-tally.ts'
import * as unsubscribe from './0006-unsubscribe.ts'
import * as resources from './0007-resources.ts'
import * as consentChain from './0008-consent-chain.ts'
import * as secondThoughts from './0009-second-thoughts.ts'
import * as events from './0010-events.ts'
import * as api from './0011-api.ts'

/** Every migration in order. A released one is never edited; a change is a new entry at the end. */
export const migrations: Record<string, Migration> = {
  '0001-base': base,
  '0002-consent': consent,
  '0003-campaigns': campaigns,
  '0004-limits': limits,
  '0005-tally': tally,
  '0006-unsubscribe': unsubscribe,
  '0007-resources': resources,
  '0008-consent-chain': consentChain,
  '0009-second-thoughts': secondThoughts,
  '0010-events': events,
  '0011-api': api,
}
