import { type Connection, connect } from '../db/connect.ts'
import { ApiKeys } from './api-keys.ts'
import { Campaigns } from './campaigns.ts'
import { Categories } from './categories.ts'
import { Contacts } from './contacts.ts'
import { Limits } from './limits.ts'
import { OptOuts } from './opt-outs.ts'
import { Resources } from './resources.ts'
import { Segments } from './segments.ts'
import { Subscriptions } from './subscriptions.ts'
import { Suppressions } from './suppressions.ts'
import { createLazyTemporal, type LazyTemporal } from './temporal.ts'

export interface AddresseeOptions {
  /** The PostgreSQL database that `addressee migrate` prepared. */
  databaseUrl: string
  /** `host:port`; by default Temporal's own environment configuration (TEMPORAL_ADDRESS, profiles, TLS). */
  temporalAddress?: string
  temporalNamespace?: string
}

/** Connections that somebody else has opened, and will close. */
export interface OpenConnections {
  database: Connection
  temporal: LazyTemporal
}

/**
 * What an application holds to import contacts and to schedule campaigns. Opens its connections when they are
 * needed first; call `close` in the end.
 */
export class Addressee {
  readonly resources: Resources
  readonly categories: Categories
  readonly contacts: Contacts
  readonly segments: Segments
  readonly campaigns: Campaigns
  readonly limits: Limits
  readonly apiKeys: ApiKeys
  readonly subscriptions: Subscriptions
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
    this.resources = new Resources(database)
    this.categories = new Categories(database)
    this.contacts = new Contacts(database)
    this.segments = new Segments(database)
    this.campaigns = new Campaigns(database, temporal)
    this.limits = new Limits(database)
    this.apiKeys = new ApiKeys(database)
    this.subscriptions = new Subscriptions(database)
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
