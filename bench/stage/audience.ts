import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { sql } from 'kysely'
import { copyContacts } from './copy.ts'
import type { Database } from './database.ts'
import { say } from './say.ts'

export type Dkim = 'none' | 'rsa' | 'ed25519'

/** Whom a campaign to this category goes to: the first so many contacts. */
export interface Audience {
  key: string
  size: number
}

/**
 * Fills an empty database with a resource `bench`, its categories, and contacts that are subscribed to them and have
 * everything that the message asks for.
 */
export async function loadAudiences(database: Database, audiences: Audience[], dkim: Dkim = 'none'): Promise<void> {
  const contacts = Math.max(...audiences.map(({ size }) => size))
  say(`loading ${contacts.toLocaleString('en')} contacts`)
  const categories = await createCategories(database, audiences, dkim)
  const { url, db } = database
  await copyContacts(url, contacts, 'contact (id, first_name, last_name, attributes)', (id) => `${id}\t${person}\n`)
  await copyContacts(url, contacts, 'contact_address (contact_id, channel, value, address_key)', addressLine)
  await copyContacts(url, contacts, 'subscription (category_id, contact_id, status, source)', (id) =>
    categories.map(({ categoryId, size }) => (id <= size ? `${categoryId}\t${id}\tsubscribed\tbench\n` : '')).join(''),
  )
  await sql`vacuum analyze`.execute(db)
}

const person = 'Ada\tLovelace\t{"plan": "pro", "city": "London"}'

/** In COPY's text format a backslash is written twice. */
const addressLine = (id: number): string => `${id}\temail\tc${id}@bench.example\t\\\\x${hash('md5', String(id))}\n`

async function createCategories({ addressee }: Database, audiences: Audience[], dkim: Dkim) {
  await addressee.resources.create({
    key: 'bench',
    name: 'Bench',
    fromName: 'Bench News',
    fromAddress: 'news@bench.example',
    listLabel: 'Bench',
    listId: 'news.bench.example',
    ...(dkim === 'none' ? {} : { dkim: { domain: 'bench.example', selector: 's1', privateKey: pem(newKey(dkim)) } }),
  })
  const categories = []
  for (const { key, size } of audiences) {
    const { id } = await addressee.categories.create({ resource: 'bench', key, title: key })
    categories.push({ categoryId: id, size })
  }
  return categories
}

/** Of the size that large receivers ask for. */
const newKey = (type: Exclude<Dkim, 'none'>): KeyObject =>
  type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ed25519').privateKey

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
