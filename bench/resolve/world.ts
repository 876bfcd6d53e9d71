import { hash } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import { copyContacts } from '../stage/copy.ts'
import type { Database } from '../stage/database.ts'
import { say } from '../stage/say.ts'

/** What a campaign's audience is asked from. */
export interface World {
  resourceId: Id
  categories: Id[]
  segments: Id[]
}

/**
 * Two subscriptions a contact in 20 categories, 3 segments with a half, two thirds and a twenty-fifth of the contacts;
 * opt-outs, suppressions, duplicate addresses.
 */
export async function loadWorld({ url, db }: Database, contacts: number): Promise<World> {
  say(`loading ${contacts.toLocaleString('en')} contacts`)
  const world = await loadNames(db)
  const tables = Object.entries(linesFor(world))
  for (const [into, linesOf] of tables) await copyContacts(url, contacts, into, linesOf)
  say('vacuum analyze')
  await sql`vacuum analyze`.execute(db)
  return world
}

async function loadNames(db: Db): Promise<World> {
  const ids = async (statement: RawBuilder<{ id: Id }>) => (await statement.execute(db)).rows.map((row) => row.id)
  const [resourceId = ''] = await ids(sql`
    insert into resource (key, name, from_name, from_address, list_label, list_id)
    values ('bench', 'Bench', 'Bench', 'news@bench.example', 'Bench', 'news.bench.example') returning id`)
  const categories = await ids(sql`
    insert into category (key, resource_id, title) select 'c' || i, ${resourceId}, 'c' || i from generate_series(1, 20) i
    returning id`)
  const segments = await ids(sql`
    insert into segment (key, title, kind) select 's' || i, 's' || i, 'static' from generate_series(1, 3) i
    returning id`)
  return { resourceId, categories, segments }
}

/** Each table with its columns, and its lines for one contact. In COPY's text format a backslash is written twice. */
const linesFor = ({ resourceId, categories, segments }: World): Record<string, (id: number) => string> => ({
  'contact (id, first_name)': (id) => `${id}\tAda\n`,
  // Every hundredth has the address of the contact before.
  'contact_address (contact_id, channel, value, address_key)': (id) =>
    `${id}\temail\tc${id}@bench.example\t\\\\x${addressKey(id % 100 === 0 ? id - 1 : id)}\n`,
  'subscription (category_id, contact_id, status, source)': (id) =>
    [0, 1]
      .map((k) => {
        const status = (id + k) % 12 === 0 ? 'unsubscribed' : 'subscribed'
        return `${categories[(id * 7 + k * 5) % 20]}\t${id}\t${status}\tbench\n`
      })
      .join(''),
  'segment_member (segment_id, contact_id)': (id) =>
    [id % 2 === 0, id % 3 !== 0, id % 25 === 0]
      .map((isMember, index) => (isMember ? `${segments[index]}\t${id}\n` : ''))
      .join(''),
  'opt_out (contact_id, resource_id, source)': (id) => (id % 40 === 0 ? `${id}\t${resourceId}\tbench\n` : ''),
  'suppression (address_key, channel, kind)': (id) => (id % 50 === 1 ? `\\\\x${addressKey(id)}\temail\tbounced\n` : ''),
})

const addressKey = (id: number): string => hash('md5', String(id))
