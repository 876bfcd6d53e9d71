import type { Connection } from '../db/connect.ts'
import type { ConsentAct } from '../db/consent.ts'
import { type Consent, consentOf, consentsOf } from '../db/consents.ts'
import { type SubscribeOutcome, subscribe } from '../db/subscribe.ts'
import { subscriptionTypes } from '../db/subscription-types.ts'
import { unsubscribeContact } from '../db/unsubscribe-contact.ts'
import { type AccessGroup, findVisible } from '../db/visible.ts'
import { Refusal } from '../domain/refusal.ts'
import { type ContactRef, requireContact } from './contact-ref.ts'
import { startOptInOf } from './opt-in-workflow.ts'
import type { LazyTemporal } from './temporal.ts'

const channel = 'email'

/** What a contact's consent to a category comes to. Instants are ISO 8601 in UTC. */
export interface Subscription extends Omit<Consent, 'changedAt'> {
  contactId: string
  category: string
  resource: string
  changedAt: string | null
}

/** Who changes it, and on what ground. */
export interface ConsentGround {
  legalBasis?: string | undefined
  explanation?: string | undefined
  /** Kept with the consent event: an operator, or the name of an API key. */
  by?: string
  /** `api` by default. */
  through?: 'api' | 'operator'
}

/** What contacts agree to and refuse, category by category. */
export class Subscriptions {
  readonly #database: Connection
  readonly #temporal: LazyTemporal

  constructor(database: Connection, temporal: LazyTemporal) {
    this.#database = database
    this.#temporal = temporal
  }

  /** A contact's consent to every category. @throws {Refusal} when there is no such contact. */
  async list(contact: ContactRef, options: { group?: AccessGroup } = {}): Promise<Subscription[]> {
    const { db } = this.#database
    const contactId = await requireContact(db, contact)
    const known = await subscriptionTypes(db, options.group ?? null)
    const consents = new Map((await consentsOf(db, contactId, channel)).map((each) => [each.categoryId, each]))
    return known.flatMap(({ id, key, resourceKey }) => {
      const consent = consents.get(id)
      return consent === undefined ? [] : [shown(consent, { contactId, category: key, resource: resourceKey })]
    })
  }

  /** One of them. @throws {Refusal} when there is no such contact or category. */
  async get(contact: ContactRef, category: string): Promise<Subscription> {
    const { db } = this.#database
    const contactId = await requireContact(db, contact)
    const [type] = await subscriptionTypes(db, null, await this.#categoryId(category))
    if (type === undefined) throw noCategory(category)
    const consent = await consentOf(db, contactId, type.id, channel)
    if (consent === undefined) throw noCategory(category)
    return shown(consent, { contactId, category: type.key, resource: type.resourceKey })
  }

  /**
   * Subscribes a contact. In a category with double opt-in they are asked by mail first (`pending`). Who refused stays
   * refused; with `asked`, which says that they want it now, they are asked where the category has double opt-in.
   * @throws {Refusal} when there is no such contact or category, or no address for a confirmation.
   */
  async subscribe(
    contact: ContactRef,
    category: string,
    { asked = false, ...ground }: ConsentGround & { asked?: boolean } = {},
  ): Promise<SubscribeOutcome> {
    const { db } = this.#database
    const contactId = await requireContact(db, contact)
    const categoryId = await this.#categoryId(category)
    const outcome = await subscribe(db, { contactId, categoryId, channel, asked }, actOf(ground))
    if (outcome === 'pending') await startOptInOf(db, this.#temporal, contactId, categoryId)
    return outcome
  }

  /** @returns whether anything was not refused before. @throws {Refusal} when there is no such contact or category. */
  async unsubscribe(contact: ContactRef, category: string, ground: ConsentGround = {}): Promise<boolean> {
    const { db } = this.#database
    const contactId = await requireContact(db, contact)
    const scope = { kind: 'category', categoryId: await this.#categoryId(category), channel } as const
    return unsubscribeContact(db, contactId, scope, actOf(ground))
  }

  async #categoryId(category: string): Promise<string> {
    const found = (await findVisible(this.#database.db, 'category', [category], null)).get(category)
    if (found === undefined) throw noCategory(category)
    return found.id
  }
}

const noCategory = (category: string): Refusal =>
  new Refusal({
    field: 'category',
    rule: `there is no category ${category}`,
    remedy: 'Give the key or the id of one (addressee categories list).',
  })

/** A consent that no message led to. */
export const actOf = ({ legalBasis, explanation, by, through = 'api' }: ConsentGround): ConsentAct => ({
  through,
  actor: by ?? 'the client',
  legalBasis: legalBasis ?? null,
  explanation: explanation ?? null,
  wording: null,
  ip: null,
  userAgent: null,
  campaignId: null,
})

const shown = (
  { changedAt, ...consent }: Consent,
  names: Pick<Subscription, 'contactId' | 'category' | 'resource'>,
): Subscription => ({ ...names, ...consent, changedAt: changedAt?.toISOString() ?? null })
