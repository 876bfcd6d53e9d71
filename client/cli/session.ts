import { z } from 'zod'
import { parseSettings, settings } from '../../domain/settings.ts'
import type { Addressee } from '../addressee.ts'

const picked = z.object({
  DATABASE_URL: settings.DATABASE_URL,
  ADDRESSEE_PRIVATE_WEBHOOKS: settings.ADDRESSEE_PRIVATE_WEBHOOKS,
})

/** @throws ConfigError when it is not set. */
export const databaseUrl = (): string => parseSettings(picked, process.env).DATABASE_URL

/**
 * Gives a client to the work, and closes it whatever becomes of it.
 * @throws Unavailable or Refusal before the work begins when the database does not answer or is not migrated.
 */
export async function withAddressee(work: (addressee: Addressee) => Promise<void>): Promise<void> {
  const { DATABASE_URL: url, ADDRESSEE_PRIVATE_WEBHOOKS: privateWebhooks } = parseSettings(picked, process.env)
  // Loaded only here: help and usage errors should not wait half a second for drivers.
  const [{ Addressee }, { openDatabase }] = await Promise.all([import('../addressee.ts'), import('../../db/open.ts')])
  const probe = await openDatabase(url, { name: 'addressee command', connections: 1 })
  await probe.close()
  const addressee = new Addressee({ databaseUrl: url, privateWebhooks })
  try {
    await work(addressee)
  } finally {
    await addressee.close()
  }
}
