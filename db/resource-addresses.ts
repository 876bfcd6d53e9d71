import { sql } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import { inTransaction } from './in-transaction.ts'
import type { Id } from './schema.ts'

/** An address of a contact, as a resource knows it. */
export interface ResourceAddress {
  resourceId: Id
  contactId: Id
  channel: string
  /** As it stands in the contact's record. */
  value: string
}

/** Leaves room in a smallint for more new addresses than a contact ever has. */
const highestPriority = 10_000

/**
 * Writes down that a contact gave an address to a resource. The highest priority is written to; where two are equal, the
 * contact's own order decides, as for addresses that the resource does not know (they count as 0). Without a priority
 * an address that is new goes before all others if the resource raises new addresses, and one that is known stays where
 * it is. With a priority the others are left alone.
 * @throws {Refusal} for an address that the contact does not have, and for a priority beyond 10,000.
 */
export async function addResourceAddress(db: Db, address: ResourceAddress & { priority?: number }): Promise<void> {
  refuseBeyond(address.priority)
  await inTransaction(db, async (db) => {
    // Two new addresses of a contact at once would both find the same highest.
    await db.selectFrom('contact').select('id').where('id', '=', address.contactId).forNoKeyUpdate().execute()
    if (!(await write(db, address))) await refuseUnknown(db, address)
  })
}

async function write(db: Db, address: ResourceAddress & { priority?: number }): Promise<boolean> {
  const { resourceId, contactId, channel, value, priority = null } = address
  const before = sql`coalesce((
    select max(greatest(known.priority, 0)) from resource_address known
    where known.resource_id = resource.id and known.contact_id = held.contact_id and known.channel = held.channel), 0)`
  const { numAffectedRows } = await sql`
    insert into resource_address as known (resource_id, contact_id, channel, value, priority)
    select resource.id, held.contact_id, held.channel, held.value, coalesce(${priority}::smallint,
      case when resource.raises_new_addresses then least(32767, 1 + ${before}) else 0 end)
    from contact_address held, resource
    where held.contact_id = ${contactId} and held.channel = ${channel} and held.value = ${value}
      and resource.id = ${resourceId} and resource.deleted_at is null
    on conflict (resource_id, contact_id, channel, value) do update
      set priority = coalesce(${priority}::smallint, known.priority)`.execute(db)
  return numAffectedRows === 1n
}

function refuseBeyond(priority: number | undefined): void {
  if (priority === undefined || (Number.isInteger(priority) && Math.abs(priority) <= highestPriority)) return
  throw new Refusal({
    field: 'priority',
    rule: `must be a whole number between -${highestPriority} and ${highestPriority}`,
    remedy: 'Correct it, or leave it out.',
  })
}

async function refuseUnknown(db: Db, { resourceId, channel }: ResourceAddress): Promise<never> {
  const resource = await db
    .selectFrom('resource')
    .select('id')
    .where('id', '=', resourceId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (resource === undefined)
    throw new Refusal({ field: 'resource', rule: 'does not exist, or was deleted', remedy: 'Use another resource.' })
  throw new Refusal({
    field: 'address',
    rule: `is no address of the contact on the channel ${channel}`,
    remedy: "Add it to the contact first; write it as it stands in the contact's record.",
  })
}
