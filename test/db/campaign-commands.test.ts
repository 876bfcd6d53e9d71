import { sql } from 'kysely'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { commandCampaign } from '../../db/campaign-commands.ts'
import type { Db } from '../../db/connect.ts'
import { scheduleCampaign } from '../../db/schedule-campaign.ts'
import type { Id } from '../../db/schema.ts'
import { checkDefinition } from '../../domain/campaign-definition.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCampaign, seedCategory, seedResource } from '../setup/seed.ts'

let db: Db
let resourceId: Id
beforeAll(async () => {
  db = (await createDatabase()).db
  resourceId = await seedResource(db, 'acme')
})

const by = 'ada'
const hour = 3_600_000

/** A campaign that is to be sent in half an hour. */
async function seedScheduled(): Promise<Id> {
  const id = await seedCampaign(db, { resourceId, state: 'scheduled' })
  await db.updateTable('campaign').set({ send_at: sql`now() + interval '30 minutes'` }).where('id', '=', id).execute()
  return id
}

/** How far in the past a time of the campaign lies, in whole minutes of the database's clock. */
async function minutesAgo(id: Id, column: 'send_at' | 'paused_at'): Promise<number | null> {
  const { rows } = await sql<{ minutes: number | null }>`
    select round(extract(epoch from now() - ${sql.ref(column)}) / 60)::int as minutes
    from campaign where id = ${id}`.execute(db)
  return rows[0]?.minutes ?? null
}

describe.each([
  ['an hour behind', -hour],
  ['an hour ahead', hour],
])('the database decides what time it is for a client whose clock is %s', (_, wrongBy) => {
  let right: number
  beforeEach(() => {
    right = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: right + wrongBy })
  })
  afterEach(() => void vi.useRealTimers())
  const inMinutes = (minutes: number) => new Date(right + minutes * 60_000)

  test('paused now', async () => {
    const id = await seedScheduled()
    await commandCampaign(db, id, 'pause', { by })
    expect(await minutesAgo(id, 'paused_at')).toBe(0)
  })

  test('sent now, and not when the client believes that the hour has come', async () => {
    const id = await seedScheduled()
    await commandCampaign(db, id, 'sendNow', { by })
    expect(await minutesAgo(id, 'send_at')).toBe(0)
  })

  test('sending now what is due already changes nothing', async () => {
    const id = await seedScheduled()
    await db.updateTable('campaign').set({ send_at: sql`now() - interval '5 minutes'` }).where('id', '=', id).execute()
    await commandCampaign(db, id, 'sendNow', { by })
    expect(await minutesAgo(id, 'send_at')).toBe(5)
  })

  test('an hour that is past is refused, one that comes is taken', async () => {
    const id = await seedScheduled()
    await expect(commandCampaign(db, id, 'reschedule', { by, sendAt: inMinutes(-20) })).rejects.toThrow(
      /sendAt: must lie in the future/,
    )
    await commandCampaign(db, id, 'reschedule', { by, sendAt: inMinutes(20) })
    expect(await minutesAgo(id, 'send_at')).toBe(-20)
  })

  test('scheduled at once, for an hour that comes, and not for one that is past', async () => {
    const { key: category } = await seedCategory(db, resourceId)
    const schedule = (times: { now: true } | { sendAt: Date }, name: string) =>
      scheduleCampaign(
        db,
        checkDefinition({
          key: `${name}-${wrongBy < 0 ? 'behind' : 'ahead'}`,
          resource: 'acme',
          categories: [category],
          content: { en: { subject: 'Hello', text: '{{ unsubscribe_url }}' } },
          ...times,
        }),
      )
    const atOnce = await schedule({ now: true }, 'now')
    expect(await minutesAgo(atOnce.campaign.id, 'send_at')).toBe(0)
    const later = await schedule({ sendAt: inMinutes(20) }, 'later')
    expect(await minutesAgo(later.campaign.id, 'send_at')).toBe(-20)
    await expect(schedule({ sendAt: inMinutes(-20) }, 'past')).rejects.toThrow(/lies in the past/)
  })
})
