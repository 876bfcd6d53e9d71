import type { Connection } from '../db/connect.ts'
import { type DeliveryRow, pageOfDeliveries, replayEvents } from '../db/delivery-log.ts'
import { requireResource } from '../db/resources.ts'
import {
  createWebhook,
  deleteWebhook,
  disableWebhook,
  enableWebhook,
  findWebhook,
  listWebhooks,
  replaceSecret,
  updateWebhook,
  type WebhookRow,
  type WebhookSettings,
} from '../db/webhooks.ts'
import type { EventKind } from '../domain/event-kind.ts'
import { Refusal, Unavailable } from '../domain/refusal.ts'
import { newWebhookSecret } from '../domain/webhook-signature.ts'
import { checkWebhookUrl, type PrivateWebhooks } from '../domain/webhook-url.ts'
import type { LazyTemporal } from './temporal.ts'
import { checkDeliveriesPage, checkReplay, checkWebhook } from './webhook-input.ts'
import { wakeWebhookWorkflow } from './webhook-workflow.ts'

export interface NewWebhook {
  /** Where events are posted to: https, and no private address. */
  url: string
  description?: string | null
  /** Which kinds of events; absent or null: every kind but `recipient.sent` and `recipient.failed`. */
  kinds?: EventKind[] | null
  /** Key of the one resource whose events it gets, with those that concern every resource. */
  resource?: string | null
  /** Only events of resources of this access group, with those that concern every resource. */
  accessGroup?: string | null
}

/** A webhook as people see it. Instants are ISO 8601 in UTC. The secret is not shown again. */
export interface Webhook extends Omit<WebhookRow, 'createdAt' | 'disabledAt'> {
  createdAt: string
  disabledAt: string | null
}

/** A webhook with the secret that verifies its messages (`whsec_…`): the only time that it is shown. */
export type WebhookWithSecret = Webhook & { secret: string; warnings: string[] }

/** An event and what became of it at one webhook. Instants are ISO 8601 in UTC. */
export interface Delivery extends Omit<DeliveryRow, 'at' | 'nextAt' | 'deliveredAt'> {
  at: string
  /** When it is tried next, while it is pending. */
  nextAt: string | null
  deliveredAt: string | null
}

/** Where other systems are told what has happened (Standard Webhooks). */
export class Webhooks {
  readonly #database: Connection
  readonly #temporal: LazyTemporal
  readonly #privateWebhooks: PrivateWebhooks

  constructor(database: Connection, temporal: LazyTemporal, privateWebhooks: PrivateWebhooks) {
    this.#database = database
    this.#temporal = temporal
    this.#privateWebhooks = privateWebhooks
  }

  /**
   * Creates a webhook; it gets what happens from now on.
   * @returns warnings: that its workflow could not be started, and what to do about it.
   * @throws {Refusal} naming the field that cannot be.
   */
  async create(webhook: NewWebhook): Promise<WebhookWithSecret> {
    const {
      url,
      description = null,
      kinds = null,
      resourceId = null,
      accessGroup = null,
    } = await this.#checked(webhook)
    const checkedUrl = checkWebhookUrl(url ?? '', 'url', this.#privateWebhooks)
    const secret = newWebhookSecret()
    const settings = { url: checkedUrl, description, kinds, resourceId, accessGroup }
    const created = await this.#row(await createWebhook(this.#database.db, settings, secret))
    return { ...shown(created), secret, warnings: await this.#wake(created) }
  }

  async list(): Promise<Webhook[]> {
    return (await listWebhooks(this.#database.db)).map(shown)
  }

  /** @throws {Refusal} when there is none (any more). */
  async get(id: string): Promise<Webhook> {
    return shown(await this.#row(id))
  }

  /**
   * Changes what is given and leaves the rest. What waits already goes to a new URL too.
   * @throws {Refusal} naming the field that cannot be.
   */
  async update(id: string, changes: Partial<NewWebhook>): Promise<Webhook> {
    const webhook = await this.#row(id)
    refuseCalledUrl(webhook)
    await updateWebhook(this.#database.db, webhook.id, await this.#checked(changes))
    return shown(await this.#row(id))
  }

  /** Posts nothing more; what waits is kept, and what happens meanwhile is not delivered unless it is replayed. */
  async disable(id: string, options: { reason?: string } = {}): Promise<Webhook> {
    const webhook = await this.#row(id)
    await disableWebhook(this.#database.db, webhook.id, options.reason ?? 'disabled by the client')
    return shown(await this.#row(id))
  }

  /** Goes on with what waits. Does no harm to one that is enabled: its workflow is started if it does not run. */
  async enable(id: string): Promise<Webhook & { warnings: string[] }> {
    const webhook = await this.#row(id)
    await enableWebhook(this.#database.db, webhook.id)
    const enabled = await this.#row(id)
    return { ...shown(enabled), warnings: await this.#wake(enabled) }
  }

  /** Removes it with what waits for it, and with the list of what it got. */
  async delete(id: string): Promise<Webhook> {
    const webhook = await this.#row(id)
    refuseCalledUrl(webhook)
    await deleteWebhook(this.#database.db, webhook.id)
    return shown(webhook)
  }

  /** Gives it a new secret. For a day messages are signed with the old one as well. */
  async rotateSecret(id: string): Promise<Webhook & { secret: string }> {
    const webhook = await this.#row(id)
    const secret = newWebhookSecret()
    await replaceSecret(this.#database.db, webhook.id, secret)
    return { ...shown(webhook), secret }
  }

  /**
   * Delivers once more: every event since an instant, or one. Also what happened while it was disabled. A repetition
   * has the `webhook-id` of the first time.
   * @returns how many events. @throws {Refusal} when there is no such event for this webhook.
   */
  async replay(id: string, which: { since: string } | { event: string }): Promise<{ replayed: number }> {
    const webhook = await this.#row(id)
    const checked = checkReplay(which)
    const replayed = await replayEvents(this.#database.db, webhook.id, checked)
    if (replayed > 0 || 'since' in checked) return { replayed }
    throw new Refusal({
      field: 'event',
      rule: `webhook ${id} has no event ${checked.eventId} to get (any more)`,
      remedy: 'Name one of its deliveries (addressee webhooks deliveries); events are forgotten after 30 days.',
    })
  }

  /** What became of its events, the latest first. @param page.before an event's id: those that are older. */
  async deliveries(
    id: string,
    page: { state?: Delivery['state']; before?: string; limit?: number } = {},
  ): Promise<Delivery[]> {
    const webhook = await this.#row(id)
    const rows = await pageOfDeliveries(this.#database.db, webhook.id, checkDeliveriesPage(page))
    return rows.map(shownDelivery)
  }

  async #row(id: string): Promise<WebhookRow> {
    const webhook = /^\d{1,18}$/.test(id) ? await findWebhook(this.#database.db, id) : undefined
    if (webhook !== undefined) return webhook
    throw new Refusal({
      field: 'webhook',
      rule: `there is no webhook ${id}`,
      remedy: 'Name one by its id (addressee webhooks list).',
    })
  }

  async #checked(webhook: Partial<NewWebhook>): Promise<Partial<WebhookSettings>> {
    const { resource, url, ...rest } = checkWebhook(webhook)
    return {
      ...rest,
      ...(url !== undefined && { url: checkWebhookUrl(url, 'url', this.#privateWebhooks) }),
      ...(resource !== undefined && {
        resourceId: resource === null ? null : await requireResource(this.#database.db, resource),
      }),
    }
  }

  /** The row stands, and its events are kept, whether Temporal answers or not. */
  async #wake(webhook: WebhookRow): Promise<string[]> {
    try {
      await wakeWebhookWorkflow(await this.#temporal.get(), webhook)
      return []
    } catch (error) {
      if (error instanceof Unavailable) return [error.message]
      throw error
    }
  }
}

const shown = (row: WebhookRow): Webhook => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  disabledAt: row.disabledAt?.toISOString() ?? null,
})

const shownDelivery = (row: DeliveryRow): Delivery => ({
  ...row,
  at: row.at.toISOString(),
  nextAt: row.state === 'pending' ? row.nextAt.toISOString() : null,
  deliveredAt: row.deliveredAt?.toISOString() ?? null,
})

function refuseCalledUrl({ id, resource, isCalledUrl }: WebhookRow): void {
  if (!isCalledUrl) return
  throw new Refusal({
    field: 'webhook',
    rule: `webhook ${id} stands for the called URL of resource ${resource}`,
    remedy: 'Change or remove the called URL of the resource: the webhook follows.',
  })
}
