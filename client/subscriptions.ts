import { requireCategory } from '../db/categories.ts'
import type { Connection } from '../db/connect.ts'
import type { ConsentAct } from '../db/consent.ts'
import { type Consent, consentsOf } from '../db/consents.ts'
import { contactsNamed } from '../db/name-contact.ts'
import { requireResource } from '../db/resources.ts'
import { type SubscribeOutcome, subscribe } from '../db/subscribe.ts'
import { type RefusedScope, unsubscribeContact } from '../db/unsubscribe-contact.ts'
import { Refusal } from '../domain/refusal.ts'
import { startOptInOf } from './opt-in-workflow.ts'
import type { LazyTemporal } from './temporal.ts'

/** Who says that the contact agreed or refused, and on what ground. It is kept with the consent event. */
export interface ConsentGround {
  by: string
  /** `api` by default; `operator` for a person at a command line. */
  through?: 'api' | 'operator'
  legalBasis?: string
  explanation?: string
}

export interface ContactConsent {
  contactId: string
  consents: Consent[]
}

const channel = 'email'

/** What contacts agree to and refuse. A contact is named by e-mail address, external id or id. */
export class Subscriptions {
  readonly #database: Connection
  readonly #temporal: LazyTemporal

  constructor(database: Connection, temporal: LazyTemporal) {
    this.#database = database
    this.#temporal = temporal
  }

  /**
   * Subscribes a contact, of several that have the address the earliest. In a category with double opt-in they are
   * asked by mail first (`pending`). Who refused stays refused; with `asked`, which says that they want it now, they
   * are asked where the category has double opt-in.
   * @throws {Refusal} when there is no such contact or category, or no address for a confirmation.
   */
  async subscribe(
    contact: string,
    category: string,
    { asked = false, ...ground }: ConsentGround & { asked?: boolean },
  ): Promise<SubscribeOutcome> {
    const { db } = this.#database
    const [contactId = ''] = await this.#named(contact)
    const categoryId = await requireCategory(db, category)
    const outcome = await subscribe(db, { contactId, categoryId, channel, asked }, actOf(ground))
    if (outcome === 'pending') await startOptInOf(db, this.#temporal, contactId, categoryId)
    return outcome
  }

  /** Holds for the contact's addresses. @returns whether anything was not refused before. @throws {Refusal} as above. */
  async unsubscribe(contact: string, category: string, ground: ConsentGround): Promise<boolean> {
    const categoryId = await requireCategory(this.#database.db, category)
    return this.#refuse(contact, { kind: 'category', categoryId, channel }, ground)
  }

  /**
   * No more of anything, on every channel. Holds for the contact's addresses.
   * @param ground.resource key of the resource that is meant; absent: everything.
   */
  async optOut(contact: string, { resource, ...ground }: ConsentGround & { resource?: string }): Promise<boolean> {
    if (resource === undefined) return this.#refuse(contact, { kind: 'everything', channel: null }, ground)
    const resourceId = await requireResource(this.#database.db, resource)
    return this.#refuse(contact, { kind: 'resource', resourceId, channel: null }, ground)
  }

  /** What the consent of each contact of that name comes to, category by category. */
  async of(contact: string): Promise<ContactConsent[]> {
    const ids = await this.#named(contact)
    return Promise.all(
      ids.map(async (contactId) => ({ contactId, consents: await consentsOf(this.#database.db, contactId, channel) })),
    )
  }

  async #refuse(contact: string, scope: RefusedScope, ground: ConsentGround): Promise<boolean> {
    const changed = []
    for (const id of await this.#named(contact))
      changed.push(await unsubscribeContact(this.#database.db, id, scope, actOf(ground)))
    return changed.includes(true)
  }

  async #named(contact: string): Promise<string[]> {
    const ids = await contactsNamed(this.#database.db, contact)
    if (ids.length > 0) return ids
    throw new Refusal({
      field: 'contact',
      rule: `there is no contact ${contact}`,
      remedy: 'Give an e-mail address, an external id or an id that a contact has.',
    })
  }
}

const actOf = ({ by, through = 'api', legalBasis, explanation }: ConsentGround): ConsentAct => ({
  through,
  actor: by,
  legalBasis: legalBasis ?? null,
  explanation: explanation ?? null,
  wording: null,
  ip: null,
  userAgent: null,
  campaignId: null,
})
