import { beforeAll, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { savePreferences } from '../../db/save-preferences.ts'
import { subscribe } from '../../db/subscribe.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { effective, expectUnbrokenChains } from '../setup/consent-state.ts'
import { createDatabase } from '../setup/database.ts'
import { seedContact } from '../setup/seed.ts'
import { act, claimsOf, refusalsOf, type SentMessage, seedSent } from '../setup/unsubscribe-seed.ts'

let db: Db
beforeAll(async () => {
  ;({ db } = await createDatabase())
})

const keys = async (sent: SentMessage): Promise<string[]> =>
  (
    await db.selectFrom('category').select('key').where('resource_id', '=', sent.resourceId).orderBy('id').execute()
  ).map(({ key }) => key)

test('saves, one-click refusals and subscribe calls of one address at once: nobody is turned away, all is proven', async () => {
  const sent = await seedSent(db, { titles: ['A', 'B', 'C'], address: 'busy@example.com' })
  const other = await seedContact(db, { address: 'busy@example.com' })
  const shown = await keys(sent)
  const page = { ...act, through: 'page' as const }
  const said = { ...act, through: 'api' as const, campaignId: null }
  for (let round = 0; round < 8; round += 1) {
    await Promise.all([
      savePreferences(db, claimsOf(sent), { shown, on: shown, fields: {} }, page),
      unsubscribe(db, claimsOf(sent), act),
      savePreferences(db, claimsOf(sent), { shown, on: [], fields: {} }, page),
      unsubscribe(db, claimsOf(sent), act, { kind: 'resource' }),
      ...sent.categories.map(({ id }) => subscribe(db, { contactId: other, categoryId: id, channel: 'email' }, said)),
    ])
  }
  await expectUnbrokenChains(db)
})

test('a refusal and a save that brings back: contacts and address tell the same in the end', async () => {
  const sent = await seedSent(db, { titles: ['A'], address: 'torn@example.com' })
  const shown = await keys(sent)
  const [category] = sent.categories
  for (let round = 0; round < 12; round += 1) {
    await Promise.all([
      unsubscribe(db, claimsOf(sent), act),
      savePreferences(db, claimsOf(sent), { shown, on: shown, fields: {} }, { ...act, through: 'page' }),
    ])
    const isOn = (await effective(db)).get(`${sent.contactId} ${category?.id}`) === 'subscribed'
    expect(await refusalsOf(db, sent.address)).toHaveLength(isOn ? 0 : 1)
  }
})
