import type { Connection } from '../db/connect.ts'
import { type OptOutPage, type OptOutRow, pageOfOptOuts } from '../db/opt-outs.ts'
import { requireResource } from '../db/resources.ts'
import { unsubscribeContact } from '../db/unsubscribe-contact.ts'
import type { AccessGroup } from '../db/visible.ts'
import { Refusal } from '../domain/refusal.ts'
import { type ContactRef, requireContact } from './contact-ref.ts'
import { actOf, type ConsentGround } from './subscriptions.ts'

/** Instants are ISO 8601 in UTC. */
export interface OptOut extends Omit<OptOutRow, 'createdAt'> {
  createdAt: string
}

/** "No more of anything", or of anything from one resource. */
export class OptOuts {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /**
   * Opts a contact out, and every other that has one of its addresses.
   * @param scope.resource key of a resource; absent: from everything. @param scope.channel absent: on every channel.
   * @returns whether anything was not refused before. @throws {Refusal} when there is no such contact or resource.
   */
  async create(
    contact: ContactRef,
    scope: { resource?: string | undefined; channel?: string | undefined } = {},
    ground: ConsentGround = {},
  ): Promise<boolean> {
    const { db } = this.#database
    if (scope.channel !== undefined && scope.channel !== 'email')
      throw new Refusal({ field: 'channel', rule: 'must be email', remedy: 'Correct it, or leave it out for all.' })
    const channel = scope.channel ?? null
    const contactId = await requireContact(db, contact)
    if (scope.resource === undefined)
      return unsubscribeContact(db, contactId, { kind: 'everything', channel }, actOf(ground))
    const resourceId = await requireResource(db, scope.resource)
    return unsubscribeContact(db, contactId, { kind: 'resource', resourceId, channel }, actOf(ground))
  }

  /** By contact. @param page.contact of one contact only. */
  async list(
    page: { contact?: ContactRef; after?: OptOutPage['after']; limit?: number; group?: AccessGroup } = {},
  ): Promise<OptOut[]> {
    const { db } = this.#database
    const contactId = page.contact === undefined ? null : await requireContact(db, page.contact)
    const { after = null, limit = 50, group = null } = page
    const rows = await pageOfOptOuts(db, { contactId, after, limit, group })
    return rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }))
  }
}
