import { beforeAll, expect, test } from 'vitest'
import { sendingCampaign } from '../../db/campaigns.ts'
import type { Db } from '../../db/connect.ts'
import { unsubscribeModes } from '../../domain/resource-settings.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCampaign, seedResource } from '../setup/seed.ts'

let db: Db
beforeAll(async () => {
  ;({ db } = await createDatabase())
})

test.each(
  unsubscribeModes.flatMap((mode) => [
    { mode, header: true, carries: mode !== 'prohibited' },
    { mode, header: false, carries: false },
  ]),
)('mail of the mode $mode, header $header: carries List-Unsubscribe: $carries', async ({ mode, header, carries }) => {
  const resourceId = await seedResource(db)
  await db
    .updateTable('resource')
    .set({
      unsubscribe_mode: mode,
      unsubscribe_timer_seconds: mode === 'delayed' ? 60 : null,
      list_unsubscribe: header,
      reply_to: 'help@acme.example',
      reply_to_name: 'Help',
    })
    .where('id', '=', resourceId)
    .execute()
  const { sender } = await sendingCampaign(db, await seedCampaign(db, { resourceId, segments: [] }))
  expect(sender).toMatchObject({ listUnsubscribe: carries, replyTo: 'help@acme.example', replyToName: 'Help' })
})
