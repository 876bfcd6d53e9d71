import { cloneResource } from '../db/clone-resource.ts'
import type { Connection } from '../db/connect.ts'
import { addResourceAddress } from '../db/resource-addresses.ts'
import { deleteResource, rotateResourceToken, updateResource } from '../db/resource-changes.ts'
import { pageOfSubscribers, type Subscriber, type SubscribersPage } from '../db/resource-subscribers.ts'
import {
  createResource,
  listResources,
  requireResource,
  resourceByKey,
  resourceToken,
  sharersOfListId,
} from '../db/resources.ts'
import type { AccessGroup } from '../db/visible.ts'
import { Refusal } from '../domain/refusal.ts'
import {
  type NewResource,
  type ParsedResource,
  parseResource,
  type ResourcePatch,
  type ResourceSettings,
} from '../domain/resource-settings.ts'
import { resourceWarnings } from '../domain/resource-warnings.ts'
import { checkWebhookUrl, type PrivateWebhooks } from '../domain/webhook-url.ts'
import { findSubscriptionAddress, type SubscriptionName } from './subscription-address.ts'

/** For whom warnings are written: they name no resource that the group does not see. */
export interface For {
  group?: AccessGroup
}

/** On whose behalf messages go out. */
export class Resources {
  readonly #database: Connection
  readonly #privateWebhooks: PrivateWebhooks

  constructor(database: Connection, privateWebhooks: PrivateWebhooks) {
    this.#database = database
    this.#privateWebhooks = privateWebhooks
  }

  /**
   * Creates a resource. A key that is taken is that resource, unchanged.
   * @returns warnings: what receivers may hold against the mail.
   * @throws {Refusal} naming the field that cannot be.
   */
  async create(
    resource: NewResource,
    { group = null }: For = {},
  ): Promise<{ id: string; key: string; created: boolean; warnings: string[] }> {
    const parsed = parseResource(resource)
    this.#checkCalledUrl(parsed.calledUrl)
    const created = await createResource(this.#database.db, parsed)
    return { ...created, key: parsed.key, warnings: await this.#warnings(parsed, group) }
  }

  /** A deleted one too: its `deletedAt` says so. @throws {Refusal} when there is none. */
  get(key: string): Promise<ResourceSettings> {
    return resourceByKey(this.#database.db, key)
  }

  /** A field that is absent stays as it is, null clears it; the key is immutable. @throws {Refusal} */
  async update(
    key: string,
    patch: ResourcePatch,
    { group = null }: For = {},
  ): Promise<ResourceSettings & { warnings: string[] }> {
    this.#checkCalledUrl(patch.calledUrl)
    const { resource } = await updateResource(this.#database.db, key, patch)
    return { ...(await this.get(key)), warnings: await this.#warnings(resource, group) }
  }

  /**
   * The same settings, channels, custom fields and active categories under another key: without subscribers, without
   * the DKIM key and with a token of its own.
   * @throws {Refusal} for a key that is taken.
   */
  async clone(
    from: string,
    as: { key: string; name?: string },
    { group = null }: For = {},
  ): Promise<ResourceSettings & { warnings: string[] }> {
    const { resource } = await cloneResource(this.#database.db, from, as)
    return { ...(await this.get(as.key)), warnings: await this.#warnings(resource, group) }
  }

  /**
   * Takes a resource and its categories out of use for good. Subscribers stay as history, the key stays taken.
   * @throws {Refusal} while a campaign that is not over needs it.
   */
  delete(key: string): Promise<void> {
    return deleteResource(this.#database.db, key)
  }

  list(options: { includeDeleted?: boolean } = {}): Promise<ResourceSettings[]> {
    return listResources(this.#database.db, options)
  }

  /**
   * Everybody who said something about one of its categories, contact by contact.
   * @param page.cursor the `next` of the page before.
   * @returns `next` null: this was the last page.
   */
  async subscribers(
    key: string,
    page: { channel?: string; cursor?: string; limit?: number } = {},
  ): Promise<{ subscribers: Subscriber[]; next: string | null }> {
    const { db } = this.#database
    const { id } = await resourceByKey(db, key)
    const after = page.cursor === undefined ? null : readCursor(page.cursor)
    const limit = Math.min(Math.max(page.limit ?? 100, 1), 1000)
    const found = await pageOfSubscribers(db, id, { channel: page.channel ?? 'email', after, limit })
    const { next } = found
    return { ...found, next: next === null ? null : `${next.contactId}-${next.categoryId}` }
  }

  /**
   * Writes down that a contact gave an address to the resource: campaigns go to the one of the highest priority there.
   * Without a priority an address that is new goes before the others if the resource raises new addresses.
   * @param priority -10,000 to 10,000; the other addresses are left alone then.
   * @throws {Refusal} for an address that the contact does not have.
   */
  async addAddress(subscription: SubscriptionName, priority?: number): Promise<void> {
    const { db } = this.#database
    const address = await findSubscriptionAddress(db, subscription)
    await addResourceAddress(db, { ...address, ...(priority !== undefined && { priority }) })
  }

  /** It is called as webhooks are, and guarded like them. */
  #checkCalledUrl(url: unknown): void {
    if (typeof url === 'string') checkWebhookUrl(url, 'calledUrl', this.#privateWebhooks)
  }

  /** What the resource's own pages and server know it by. Confidential. */
  async token(key: string): Promise<string> {
    const { db } = this.#database
    return resourceToken(db, await requireResource(db, key))
  }

  /** Makes a new token in place of the old one, which is worth nothing from now on. */
  rotateToken(key: string): Promise<string> {
    return rotateResourceToken(this.#database.db, key)
  }

  async #warnings(resource: ParsedResource, group: AccessGroup): Promise<string[]> {
    const sharers = await sharersOfListId(this.#database.db, resource, group)
    return [
      ...resourceWarnings(resource),
      ...(sharers.length === 0
        ? []
        : [`listId ${resource.listId} is also that of ${sharers.join(', ')}: mail clients take them for one list.`]),
    ]
  }
}

function readCursor(cursor: string): NonNullable<SubscribersPage['next']> {
  const [, contactId, categoryId] = /^(\d{1,18})-(\d{1,18})$/.exec(cursor) ?? []
  if (contactId !== undefined && categoryId !== undefined) return { contactId, categoryId }
  throw new Refusal({ field: 'cursor', rule: 'is none', remedy: 'Give the "next" of the page before, as it was.' })
}
