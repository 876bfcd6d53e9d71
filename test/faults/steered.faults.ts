import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { Refusal } from '../../domain/refusal.ts'
import { seedSubscribers } from '../setup/bulk-campaign.ts'
import { eventually } from '../setup/eventually.ts'
import { createFaultSite } from '../setup/fault-site.ts'
import { flawless } from '../setup/ledger-and-sink.ts'

const size = inject('faultSize')

test('control: a storm of pauses and resumes', async () => {
  const site = await createFaultSite()
  const { campaigns } = site.installation.addressee
  await Promise.all([site.startWorker(), site.startWorker()])
  const campaign = await site.schedule('storm', size)
  await campaign.sends(1)
  const until = Date.now() + 20_000
  let commands = 0
  const stormy = async (): Promise<void> => {
    for (; Date.now() < until; await sleep(Math.random() * 300)) {
      const command = Math.random() < 0.5 ? campaigns.pause('storm') : campaigns.resume('storm')
      // It may be finished already.
      await command.catch((error: unknown) => expect(error).toBeInstanceOf(Refusal))
      commands += 1
    }
  }
  await Promise.all([stormy(), stormy(), stormy(), stormy()])
  process.stdout.write(`${commands} commands\n`)
  await campaigns.resume('storm').catch((error: unknown) => expect(error).toBeInstanceOf(Refusal))
  expect((await campaign.reaches('finished')).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
})

test('control: the same key scheduled by four processes at once is one campaign', async () => {
  const site = await createFaultSite()
  const { db } = site.installation
  await site.startWorker()
  const { id } = await db.selectFrom('resource').select('id').executeTakeFirstOrThrow()
  const category = await seedSubscribers(db, id, size)
  const folder = join(site.command.folder, 'message')
  await mkdir(folder)
  await writeFile(join(folder, 'en.subject.liquid'), 'Hello')
  await writeFile(join(folder, 'en.text.liquid'), '{{ unsubscribe_url }}')
  const what = ['--key', 'twice', '--resource', 'acme', '--category', category.key, '--message', folder, '--now']
  const scheduled = await Promise.all(
    Array.from({ length: 4 }, () =>
      site.command.json<{ id: string; created: boolean }>(['campaigns', 'schedule', ...what]),
    ),
  )
  expect(new Set(scheduled.map((each) => each.id)).size).toBe(1)
  expect(scheduled.filter((each) => each.created)).toHaveLength(1)
  const campaign = site.watch('twice', size)
  expect((await campaign.reaches('finished')).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
})

test("control: a campaign's row is deleted in the middle; another campaign goes on", async () => {
  const site = await createFaultSite()
  const worker = await site.startWorker()
  const doomed = await site.schedule('deleted', size)
  await doomed.sends(size / 10)
  const { workflowId, id } = await doomed.now()
  await site.installation.db.deleteFrom('campaign').where('id', '=', id).execute()
  const before = site.sink.accepted().length
  const other = await site.schedule('other', size)
  expect((await other.reaches('finished')).counts).toMatchObject({ sent: size })
  expect(await other.verdict()).toEqual(flawless)
  // What was claimed at the moment of the deletion, and no more.
  expect(site.sink.accepted().length - before - size).toBeLessThan(1000)
  expect(worker.process.exitCode).toBe(null)
  const left = await eventually(async () => {
    const rows = await site.installation.db
      .selectFrom('recipient')
      .select(({ fn }) => ['state', fn.countAll<string>().as('count')])
      .where('campaign_id', '=', id)
      .groupBy('state')
      .execute()
    expect(rows.filter(({ state }) => state === 'claimed')).toEqual([])
    return rows
  })
  const { status, raw } = await site.installation.temporal.workflow.getHandle(workflowId).describe()
  const pending = raw.pendingActivities?.map(({ attempt, lastFailure }) => `${attempt}: ${lastFailure?.message}`)
  process.stdout.write(`deleted: ${JSON.stringify({ left, workflow: status.name, pending })}\n`)
})
