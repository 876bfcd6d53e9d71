import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { sql } from 'kysely'
import { afterAll, expect, test } from 'vitest'
import { importContacts } from '../../client/import/contact-import.ts'
import { ensureSample } from '../../dev/sample/ensure-sample.ts'
import { generateSample } from '../../dev/sample/generate.ts'
import { createDatabase } from '../setup/database.ts'

test('the sample is imported as its generator expects, and a second time nothing happens', async () => {
  const { db } = await createDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'addressee-sample-'))
  afterAll(() => rm(folder, { recursive: true }))
  await sql`insert into resource (key, name, from_name, from_address, list_label, list_id)
    values ('shop', 'Shop', 'Shop', 'news@shop.example', 'Shop', 'shop.example')`.execute(db)
  await sql`insert into category (key, resource_id, title)
    values ('news', 1, 'News'), ('offers', 1, 'Offers'), ('events', 1, 'Events')`.execute(db)
  const errorFile = join(folder, 'errors.csv')
  const importSample = async () => importContacts(db, await ensureSample(folder), { source: 'sample', errorFile })
  const { expectations } = generateSample()
  const { rows, contacts, repeated, rejected, warnings, subscribed, optedOut } = expectations

  const first = await importSample()
  const common = { rows, repeated, rejected, warnings, refusalsKept: 0, errorFile, seconds: first.seconds }
  expect(first).toEqual({ ...common, created: contacts, updated: 0, unchanged: 0, subscribed, optedOut })
  expect(contacts + repeated + rejected).toBe(rows)

  const counts = async () => {
    const { rows } = await sql`
      select (select count(*)::int from contact) as contacts, (select count(*)::int from contact_address) as addresses,
        (select count(*)::int from subscription where status = 'subscribed') as subscribed,
        (select count(*)::int from opt_out) as "optedOut", (select count(*)::int from consent_event) as events,
        (select count(distinct address_key)::int from contact_address
           join subscription using (contact_id) join category on category.id = category_id
           where key = 'news' and contact_id not in (select contact_id from opt_out)) as "newsRecipients",
        (select count(*)::int from contact where concat(first_name, last_name) ~ '[\\r\\n]') as broken`.execute(db)
    return rows[0]
  }
  const state = {
    contacts,
    addresses: contacts,
    subscribed,
    optedOut,
    events: subscribed + optedOut,
    newsRecipients: expectations.newsRecipients,
    broken: 0,
  }
  expect(await counts()).toEqual(state)

  const errors = parse(await readFile(errorFile), { bom: true, columns: true }) as Record<string, string>[]
  expect(errors.map(({ line, column }) => ({ line: Number(line), column }))).toEqual(expectations.problems)
  expect(errors.filter(({ rule }) => rule?.endsWith(': left out'))).toHaveLength(warnings)

  const second = await importSample()
  const untouched = { created: 0, updated: 0, unchanged: contacts, subscribed: 0, optedOut: 0 }
  expect(second).toEqual({ ...common, ...untouched, seconds: second.seconds })
  expect(await counts()).toEqual(state)
})
