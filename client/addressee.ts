import { type Connection, connect } from '../db/connect.ts'
import type { PrivateWebhooks } from '../domain/webhook-url.ts'
import { ApiKeys } from './api-keys.ts'
import { Campaigns } from './campaigns.ts'
import { Categories } from './categories.ts'
import { Consent } from './consent.ts'
import { Contacts } from './contacts.ts'
import { Fields } from './fields.ts'
import { Limits } from './limits.ts'
import { OptOuts } from './opt-outs.ts'
import { Resources } from './resources.ts'
import { Segments } from './segments.ts'
import { Subscriptions } from './subscriptions.ts'
import { Suppressions } from './suppressions.ts'
import { createLazyTemporal, type LazyTemporal } from './temporal.ts'
import { Unsubscribes } from './unsubscribes.ts'
import { Webhooks } from './webhooks.ts'

export interface AddresseeOptions {
  /** The PostgreSQL database that `addressee migrate` prepared. */
  databaseUrl: string
  /** `host:port`; by default Temporal's own environment configuration (TEMPORAL_ADDRESS, profiles, TLS). */
  temporalAddress?: string
  temporalNamespace?: string
  /** `allow`: webhooks may lead to private addresses and by http. Workers must be told too. By default they may not. */
  privateWebhooks?: PrivateWebhooks
}

/** Connections that somebody else has opened, and will close. */
export interface OpenConnections {
  database: Connection
  temporal: LazyTemporal
  privateWebhooks?: PrivateWebhooks
}

/**
 * What an application holds to import contacts and to schedule campaigns. Opens its connections when they are
 * needed first; call `close` in the end.
 */
export class Addressee {
  readonly resources: Resources
  readonly categories: Categories
  readonly fields: Fields
  readonly contacts: Contacts
  readonly consent: Consent
  readonly segments: Segments
  readonly campaigns: Campaigns
  readonly limits: Limits
  readonly webhooks: Webhooks
  readonly unsubscribes: Unsubscribes
  readonly subscriptions: Subscriptions
  readonly apiKeys: ApiKeys
  readonly optOuts: OptOuts
  readonly suppressions: Suppressions
  readonly #close: () => Promise<void>

  constructor(options: AddresseeOptions | OpenConnections) {
    const { database, temporal } = 'database' in options ? options : open(options)
    this.#close = async () => {
      if ('database' in options) return
      await temporal.close()
      await database.close()
    }
    const privateWebhooks = options.privateWebhooks ?? 'refuse'
    this.resources = new Resources(database, privateWebhooks)
    this.categories = new Categories(database)
    this.fields = new Fields(database)
    this.contacts = new Contacts(database)
    this.consent = new Consent(database)
    this.segments = new Segments(database)
    this.campaigns = new Campaigns(database, temporal)
    this.limits = new Limits(database)
    this.webhooks = new Webhooks(database, temporal, privateWebhooks)
    this.unsubscribes = new Unsubscribes(database, temporal)
    this.subscriptions = new Subscriptions(database, temporal)
    this.apiKeys = new ApiKeys(database)
    this.optOuts = new OptOuts(database)
    this.suppressions = new Suppressions(database)
  }

  close(): Promise<void> {
    return this.#close()
  }
}

const open = (options: AddresseeOptions): OpenConnections => ({
  database: connect(options.databaseUrl, { name: 'addressee client' }),
  temporal: createLazyTemporal({
    ...(options.temporalAddress === undefined ? {} : { address: options.temporalAddress }),
    ...(options.temporalNamespace === undefined ? {} : { namespace: options.temporalNamespace }),
  }),
})
