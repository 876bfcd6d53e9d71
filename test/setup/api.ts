import type { NewApiKey } from '../../client/api-keys.ts'
import type { Db } from '../../db/connect.ts'
import { loadAddressKeys } from '../../db/installation.ts'
import type { Id } from '../../db/schema.ts'
import { createTestApp } from './http-app.ts'

export interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown> & { items: Record<string, unknown>[]; next: string | null; id: string }
}

export interface Asking {
  key?: string | null
  body?: unknown
  /** Sent as it is. */
  raw?: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
}

let keys = 0

/** The APIs as a function, with a key that may do everything. */
export async function createTestApi(db: Db, options: Parameters<typeof createTestApp>[1] = {}) {
  const { app, addressee, lines } = createTestApp(db, options)
  const newKey = async (wanted: Partial<NewApiKey> = {}): Promise<string> => {
    keys += 1
    const defaults = { name: `key-${keys}`, scopes: ['admin' as const], requestsPerSecond: 10_000 }
    return (await addressee.apiKeys.create({ ...defaults, ...wanted })).key
  }
  const admin = await newKey({ name: 'admin' })
  const ask = async (
    method: string,
    path: string,
    { key = admin, body, raw, headers }: Asking = {},
  ): Promise<Answer> => {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await app.request(path, {
      method,
      headers: {
        ...(key !== null && { Authorization: `Bearer ${key}` }),
        ...(sent !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(sent !== undefined && { body: sent }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } }
  }
  return { app, addressee, lines, admin, newKey, ask }
}

/** An address as this installation knows it again: what the seeds write is of another pepper. */
export async function giveAddress(db: Db, contactId: Id, value: string): Promise<void> {
  const keyOf = await loadAddressKeys(db)
  await db
    .insertInto('contact_address')
    .values({ contact_id: contactId, channel: 'email', value, address_key: keyOf('email', value.toLowerCase()) })
    .execute()
}

/** A contact that the APIs find by its address. */
export async function seedReachable(db: Db, email: string): Promise<Id> {
  const { id } = await db.insertInto('contact').values({ first_name: 'Ada' }).returning('id').executeTakeFirstOrThrow()
  await giveAddress(db, id, email)
  return id
}
