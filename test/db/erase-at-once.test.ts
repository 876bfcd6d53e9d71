import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { freezeAudience } from '../../db/audience.ts'
import { checkChains } from '../../db/check-consent.ts'
import { claim } from '../../db/claim.ts'
import { criteriaOf } from '../../db/criteria.ts'
import { eraseContact } from '../../db/erase-contact.ts'
import { contactsNamed } from '../../db/name-contact.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { eventually } from '../setup/eventually.ts'
import { createPeople } from '../setup/people.ts'
import { seedCampaign } from '../setup/seed.ts'
import { act } from '../setup/unsubscribe-seed.ts'

// Erasing at the same time as everything that writes of the same contact.

const { db, importText, subscriptions, seedAda, seedSending, recipientsIn } = await createPeople()

const waiting = (lock: string, sessions: number) =>
  eventually(async () => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and wait_event = ${lock}`.execute(db)
    expect(rows[0]?.n).toBe(sessions)
  })

test('an audience that is being frozen meanwhile holds no address in the end', async () => {
  const id = await seedAda()
  const campaignId = await seedCampaign(db, { resourceId: '1', categories: ['1'] })
  const { freezing, erasing } = await db.transaction().execute(async (blocking) => {
    await blocking.selectFrom('campaign').select('id').where('id', '=', campaignId).forUpdate().execute()
    // It has read the contacts, and waits with its last step.
    const freezing = freezeAudience(db, campaignId)
    await waiting('transactionid', 1)
    const erasing = eraseContact(db, id, 'ada')
    await waiting('advisory', 1)
    return { freezing, erasing }
  })
  expect((await freezing)?.audience).toBe(1)
  expect(await erasing).toMatchObject({ recipients: 1 })
  expect(await recipientsIn(campaignId)).toMatchObject([{ contact_id: id, address: 'erased' }])
})

test('erasing beside unsubscribes, imports, claims and audiences: all end, and the "no" outlives the person', async () => {
  for (let round = 0; round < 6; round += 1) {
    const address = `round-${round}@example.com`
    await importText(`email,topics\n${address},news\n`)
    const [id = ''] = await contactsNamed(db, address)
    const campaignId = await seedSending(1)
    const next = await seedCampaign(db, { resourceId: '1', categories: ['1'] })
    const claims = { campaignId, contactId: id, scope: 'unsubscribe' } as const
    const claimer = { campaignId, from: 1, to: 1, token: randomUUID() }
    const criteria = await criteriaOf(db, campaignId)
    const works = [
      () => unsubscribe(db, claims, act),
      () => eraseContact(db, id, 'ada'),
      () => importText(`email,topics\n${address},news;offers\n`),
      () => claim(db, criteria, claimer, 1),
      () => freezeAudience(db, next),
      () => unsubscribe(db, claims, act),
    ]
    const turned = [...works.slice(round), ...works.slice(0, round)]
    await Promise.all(turned.map((work) => work()))
    // Whoever has the address now came by the import, and inherits the "no" whatever the order was.
    const subscribed = (await subscriptions()).filter(({ key, status }) => key === 'news' && status === 'subscribed')
    expect(subscribed).toEqual([])
    expect(await recipientsIn(campaignId)).toMatchObject([{ contact_id: id, address: 'erased' }])
    expect((await recipientsIn(next)).filter((row) => row.contact_id === id && row.address !== 'erased')).toEqual([])
  }
  expect((await checkChains(db)).breaks).toEqual([])
})
