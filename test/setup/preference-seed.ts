import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import type { CustomFieldType } from '../../domain/custom-field.ts'
import { claimsOf, type SentMessage, seedSent, tokens } from './unsubscribe-seed.ts'

/** A message whose resource has a category of each kind and a field of each type: A and B are subscribed. */
export async function seedPreferences(db: Db, options: { address?: string; language?: string; name?: string } = {}) {
  const { name, ...rest } = options
  const sent = await seedSent(db, { ...rest, ...(name !== undefined && { resourceName: name }), titles: ['A', 'B'] })
  const category = async (title: string, extra: object = {}) =>
    (
      await db
        .insertInto('category')
        .values({ key: `${title.toLowerCase()}-${sent.resourceId}`, title, resource_id: sent.resourceId, ...extra })
        .returning(['id', 'key'])
        .executeTakeFirstOrThrow()
    ).id
  const ids = {
    a: sent.categories[0]?.id ?? '',
    b: sent.categories[1]?.id ?? '',
    off: await category('Off', { description: 'Now and then' }),
    required: await category('Required', { is_required: true, consent: 'opt_out' }),
    hidden: await category('Hidden', { is_listed: false }),
    internal: await category('Internal', { is_internal: true }),
    archived: await category('Archived', { archived_at: new Date() }),
    deleted: await category('Deleted', { deleted_at: new Date() }),
    sms: await category('Sms', { channels: ['sms'] }),
  }
  return { ...sent, ids, keys: await keysOf(db, ids), path: `/p/${preferencesToken(sent)}` }
}

export const preferencesToken = (sent: SentMessage): string => tokens.sign({ ...claimsOf(sent), scope: 'preferences' })

async function keysOf<Name extends string>(db: Db, ids: Record<Name, Id>): Promise<Record<Name, string>> {
  const rows = await db.selectFrom('category').select(['id', 'key']).execute()
  const key = (id: Id) => rows.find((row) => row.id === id)?.key ?? ''
  return Object.fromEntries(Object.entries<Id>(ids).map(([name, id]) => [name, key(id)])) as Record<Name, string>
}

/** @param extra.default_value as JSON. */
export async function seedField(
  db: Db,
  resourceId: Id,
  key: string,
  type: CustomFieldType,
  extra: { name?: string; is_required?: boolean; default_value?: string; is_listed?: boolean } = {},
): Promise<void> {
  const { name = key, is_required = false, default_value = 'null', is_listed = true } = extra
  await sql`insert into custom_field (resource_id, channel, key, name, type, is_required, default_value, is_listed)
    values (${resourceId}, 'email', ${key}, ${name}, ${type}, ${is_required}, ${default_value}::text::jsonb, ${is_listed})`.execute(
    db,
  )
}

/** The values of the subscription with the address that the message went to. */
export const fieldsOf = async (db: Db, sent: SentMessage): Promise<Record<string, unknown> | undefined> =>
  (
    await db
      .selectFrom('resource_address')
      .select('fields')
      .where('resource_id', '=', sent.resourceId)
      .where('contact_id', '=', sent.contactId)
      .executeTakeFirst()
  )?.fields
