import { beforeAll, expect, test } from 'vitest'
import type { Decision } from '../../client/unsubscribes.ts'
import type { Db } from '../../db/connect.ts'
import { type PendingUnsubscribe, startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { createDatabase } from '../setup/database.ts'
import { clicked, seedDelayed } from '../setup/delayed.ts'
import { claimsOf, statusOf } from '../setup/unsubscribe-seed.ts'
import { type Command, createCommand } from './command.ts'

let db: Db
let cli: Command
beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  // Temporal is away: the row decides.
  cli = createCommand({ DATABASE_URL: database.url, TEMPORAL_ADDRESS: '127.0.0.1:1' })
})

async function started() {
  const sent = await seedDelayed(db)
  const [pending] = (await startUnsubscribe(db, claimsOf(sent), clicked)).running as [PendingUnsubscribe]
  return { sent, id: pending.id }
}

test('they are listed, of everybody or of one, confirmed and cancelled', async () => {
  const [one, other] = [await started(), await started()]
  const listed = await cli.json<PendingUnsubscribe[]>(['unsubscribes', 'list'])
  expect(listed.map(({ id }) => id)).toEqual([one.id, other.id])
  const { stdout } = await cli.addressee(['unsubscribes', 'list', '--contact', one.sent.contactId])
  expect(stdout).toMatch(
    new RegExp(`^id +due at +contact +name +category +resource\n${one.id} +20.*Z +\\d+ +Ada +News +Acme\n$`),
  )

  expect(await cli.json<Decision>(['unsubscribes', 'cancel', one.id])).toEqual({
    id: one.id,
    state: 'cancelled',
    changed: true,
  })
  expect((await cli.addressee(['unsubscribes', 'confirm', one.id])).stdout).toBe(
    `The unsubscribe ${one.id} was already cancelled.\n`,
  )
  expect((await cli.addressee(['unsubscribes', 'confirm', other.id, '--by', 'ada'])).stdout).toBe(
    `The unsubscribe ${other.id} is confirmed.\n`,
  )
  expect(await statusOf(db, one.sent.contactId, one.sent.categories[0]?.id)).toBe('subscribed')
  expect(await statusOf(db, other.sent.contactId, other.sent.categories[0]?.id)).toBe('unsubscribed')
  expect(await cli.json(['unsubscribes', 'list'])).toEqual([])
})

test.each([
  [['confirm', '999'], /id: there is no delayed unsubscribe 999/],
  [['cancel', 'x'], /id: there is no delayed unsubscribe x/],
  [['cancel', '1', '--by', ' '], /by: must name who gives the command/],
  [['list', '--contact', 'nobody'], /contact: nobody is known as nobody/],
])('%s is refused', async (args, why) => {
  const { code, stderr } = await cli.addressee(['unsubscribes', ...args])
  expect([code, stderr]).toEqual([1, expect.stringMatching(why)])
})
