import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { sql } from 'kysely'
import { beforeEach, expect } from 'vitest'
import { type ImportOptions, importContacts } from '../../client/import/contact-import.ts'
import type { Db } from '../../db/connect.ts'
import { atEnd } from './at-end.ts'
import { createDatabase } from './database.ts'

/**
 * A database for imports, emptied before each test: the resources shop (1) and club (2), the categories news (1) and
 * offers (2) of the shop, events (3) of the club, and old (4), which is archived.
 */
export async function createImports() {
  const { db } = await createDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'addressee-import-'))
  const errorFile = join(folder, 'errors.csv')
  atEnd(() => rm(folder, { recursive: true }))
  beforeEach(() => empty(db))
  return {
    db,
    folder,
    errorFile,
    importText: (text: string, options: Partial<ImportOptions> = {}) =>
      importContacts(db, Readable.from([Buffer.from(text)]), { source: 'test', errorFile, ...options }),
    errorLines: async () => (await readFile(errorFile, 'utf8')).split('\r\n'),
    ...reads(db),
  }
}

/** The report of an import that did nothing: what a test expects, it writes over this. */
export const nothing = {
  rows: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  repeated: 0,
  rejected: 0,
  warnings: 0,
  subscribed: 0,
  optedOut: 0,
  refusalsKept: 0,
  errorFile: null,
  seconds: expect.any(Number),
}

async function empty(db: Db): Promise<void> {
  await sql`alter table consent_event disable trigger consent_event_append_only`.execute(db)
  await sql`truncate contact, resource, category, address_refusal, consent_event restart identity cascade`.execute(db)
  await sql`alter table consent_event enable trigger consent_event_append_only`.execute(db)
  await sql`insert into resource (key, name, from_name, from_address, list_label, list_id)
    values ('shop', 'Shop', 'Shop', 'news@shop.example', 'Shop', 'shop.example'),
           ('club', 'Club', 'Club', 'news@club.example', 'Club', 'club.example')`.execute(db)
  await sql`insert into category (key, resource_id, title, archived_at)
    values ('news', 1, 'News', null), ('offers', 1, 'Offers', null), ('events', 2, 'Events', null),
           ('old', 1, 'Old', now())`.execute(db)
}

/** What the tables hold after an import. */
const reads = (db: Db) => ({
  contacts: () =>
    db
      .selectFrom('contact')
      .select(['external_id', 'first_name', 'last_name', 'language', 'time_zone', 'attributes', 'source'])
      .orderBy('id')
      .execute(),

  addresses: () =>
    db
      .selectFrom('contact_address')
      .select(['contact_id', 'value', 'priority', 'status'])
      .orderBy('contact_id')
      .orderBy('priority')
      .execute(),

  subscriptions: () =>
    db
      .selectFrom('subscription')
      .innerJoin('category', 'category.id', 'subscription.category_id')
      .select(['contact_id', 'key', 'status'])
      .orderBy('contact_id')
      .orderBy('category.id')
      .execute(),

  optOuts: () => db.selectFrom('opt_out').select(['contact_id', 'resource_id', 'channel', 'source']).execute(),

  events: () =>
    db
      .selectFrom('consent_event')
      .select([
        'contact_id',
        'action',
        'through',
        'channel',
        'category_id',
        'resource_id',
        'legal_basis',
        'explanation',
      ])
      .orderBy('contact_id')
      .orderBy('id')
      .execute(),
})
