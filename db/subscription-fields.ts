import { type FieldValue, fieldValues } from '../domain/custom-field.ts'
import type { Db } from './connect.ts'
import { holdFields } from './custom-fields.ts'
import { inTransaction } from './in-transaction.ts'
import { addResourceAddress, type ResourceAddress } from './resource-addresses.ts'

/**
 * Sets custom fields of a contact's subscription to a resource at one of its addresses. What is not named stays as it
 * is, or gets its default; null clears.
 * @returns all values as they stand now.
 * @throws {Refusal} naming the field: of the wrong type, unknown, or required and without a value; and for an address
 *   that the contact does not have.
 */
export async function setSubscriptionFields(
  db: Db,
  { fields: given, ...address }: ResourceAddress & { fields: Record<string, unknown> },
): Promise<Record<string, FieldValue>> {
  return inTransaction(db, async (db) => {
    const { resourceId, contactId, channel, value } = address
    // Before the values, as whoever deletes a field does: none may be written after it is gone.
    const fields = await holdFields(db, resourceId, channel)
    await addResourceAddress(db, address)
    const row = await db
      .selectFrom('resource_address')
      .select('fields')
      .where('resource_id', '=', resourceId)
      .where('contact_id', '=', contactId)
      .where('channel', '=', channel)
      .where('value', '=', value)
      .forUpdate()
      .executeTakeFirstOrThrow()
    const values = fieldValues(fields, row.fields, given)
    await db
      .updateTable('resource_address')
      .set({ fields: values })
      .where('resource_id', '=', resourceId)
      .where('contact_id', '=', contactId)
      .where('channel', '=', channel)
      .where('value', '=', value)
      .execute()
    return values
  })
}
