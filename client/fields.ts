import type { Connection } from '../db/connect.ts'
import { defineField, deleteField, type FieldName, fieldsOf, updateField } from '../db/custom-fields.ts'
import { resourceByKey } from '../db/resources.ts'
import { setSubscriptionFields } from '../db/subscription-fields.ts'
import {
  type CustomField,
  type FieldPatch,
  type FieldValue,
  type NewField,
  parseField,
} from '../domain/custom-field.ts'
import { findSubscriptionAddress, type SubscriptionName } from './subscription-address.ts'

/** What subscriptions to a resource carry besides their state; templates name it `subscription.<key>`. */
export class Fields {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /**
   * Defines a field for the subscriptions to a resource on one channel. A key that is taken by a field of the same type
   * is that field, unchanged.
   * @throws {Refusal} naming what cannot be.
   */
  async define(resource: string, field: NewField): Promise<{ id: string; key: string; created: boolean }> {
    const parsed = parseField(field)
    return { ...(await defineField(this.#database.db, resource, parsed)), key: parsed.key }
  }

  /** A property that is absent stays as it is, null clears it; key, channel and type are immutable. @throws {Refusal} */
  update(resource: string, key: string, patch: FieldPatch, on: Partial<Channel> = {}): Promise<CustomField> {
    return updateField(this.#database.db, resource, named(key, on), patch)
  }

  /** Removes a field with all of its values. @throws {Refusal} when there is none. */
  delete(resource: string, key: string, on: Partial<Channel> = {}): Promise<void> {
    return deleteField(this.#database.db, resource, named(key, on))
  }

  /** In the order in which they were defined; of every channel, or of one. */
  async list(resource: string, on: Partial<Channel> = {}): Promise<CustomField[]> {
    const { db } = this.#database
    return fieldsOf(db, (await resourceByKey(db, resource)).id, on.channel)
  }

  /**
   * Sets fields of one subscription. What is not named stays as it is, or gets its default; null clears.
   * @returns all values as they stand now.
   * @throws {Refusal} naming the field: unknown, of the wrong type, or required and without a value.
   */
  async set(
    subscription: SubscriptionName,
    fields: Record<string, FieldValue | null>,
  ): Promise<Record<string, FieldValue>> {
    const { db } = this.#database
    return setSubscriptionFields(db, { ...(await findSubscriptionAddress(db, subscription)), fields })
  }
}

interface Channel {
  /** `email` when absent. */
  channel: string
}

const named = (key: string, { channel = 'email' }: Partial<Channel>): FieldName => ({ key, channel })
