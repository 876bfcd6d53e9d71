import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eraseContact } from '../../db/erase-contact.ts'
import { listPendingUnsubscribes } from '../../db/pending-unsubscribe.ts'
import { type RunningHttp, startHttp } from '../../http/main.ts'
import { type UnsubscribeStatus, unsubscribeWorkflowId } from '../../workflows/contract.ts'
import { makeOverdue, pendingsOf, seedDelayed } from '../setup/delayed.ts'
import { eventually } from '../setup/eventually.ts'
import { recordingLog } from '../setup/http-app.ts'
import { createInstallation, type Installation, type RunningWorkers } from '../setup/installation.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { eventsOf, refusalsOf, type SentMessage, secret, statusOf } from '../setup/unsubscribe-seed.ts'

// A delayed unsubscribe through everything: the page, its workflow, and whoever steers it.

let installation: Installation
let workers: RunningWorkers
let http: RunningHttp
const openEdge = (): Promise<RunningHttp> =>
  startHttp(
    {
      databaseUrl: installation.databaseUrl,
      secrets: [secret],
      listen: { host: '127.0.0.1', port: 0 },
      trustedProxies: [],
      temporal: { address: installation.temporalAddress, namespace: installation.namespace },
      logLevel: 'fatal',
    },
    recordingLog().log,
  )
beforeAll(async () => {
  installation = await createInstallation()
  workers = await installation.startWorkers(scriptedChannel())
  http = await openEdge()
})
afterAll(() => http.close())

/** A message whose unsubscribe waits so many seconds. */
async function seed(seconds: number, firstName = 'Ada'): Promise<SentMessage> {
  const { db } = installation
  const sent = await seedDelayed(db)
  await db
    .updateTable('resource')
    .set({ unsubscribe_timer_seconds: seconds })
    .where('id', '=', sent.resourceId)
    .execute()
  await db.updateTable('contact').set({ first_name: firstName }).where('id', '=', sent.contactId).execute()
  return sent
}

const press = async (sent: SentMessage, deed?: string): Promise<string | undefined> => {
  const url = `${http.url}/u/${sent.token}?shown=modes-en-1${deed === undefined ? '' : `&do=${deed}`}`
  return /<h1>(.*?)<\/h1>/.exec(await (await fetch(url, { method: 'POST' })).text())?.[1]
}

async function idOf({ contactId }: SentMessage): Promise<string> {
  const [pending] = await listPendingUnsubscribes(installation.db, { contactIds: [contactId], limit: 1 })
  return pending?.id ?? expect.fail('nothing is pending')
}

const status = (sent: SentMessage) => statusOf(installation.db, sent.contactId, sent.categories[0]?.id)
const handleOf = (id: string) => installation.temporal.workflow.getHandle(unsubscribeWorkflowId(id))
const resultOf = (id: string) => handleOf(id).result() as Promise<UnsubscribeStatus>
/** Started behind the answer to the click. */
const startedWorkflow = (id: string) => eventually(() => handleOf(id).describe())

test('the timer unsubscribes, in eleven events', async () => {
  const sent = await seed(1)
  expect(await press(sent)).toBe('You are leaving Acme')
  const id = await idOf(sent)
  await startedWorkflow(id)
  expect(await resultOf(id)).toMatchObject({ state: 'confirmed', through: 'timer' })
  expect(await status(sent)).toBe('unsubscribed')
  expect(await eventsOf(installation.db, sent.campaignId)).toMatchObject([{ through: 'timer', wording: 'modes-en-1' }])
  expect((await handleOf(id).fetchHistory()).events?.length).toBeLessThanOrEqual(11)
})

test('what an operator sees: a sentence with the due time, columns, and no address', async () => {
  const sent = await seed(600, 'ada@example.com')
  await press(sent)
  const id = await idOf(sent)
  const description = await startedWorkflow(id)
  expect(await description.staticSummary()).toMatch(/^contact \d+ leaves News of Acme at 20/)
  expect(
    Object.fromEntries(description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])),
  ).toMatchObject({
    UnsubscribeState: 'pending',
    DueAt: expect.any(Date),
  })
  expect(await handleOf(id).query('status')).toMatchObject({ state: 'pending', dueAt: expect.any(String) })
  expect(await handleOf(id).query('__temporal_workflow_metadata')).toMatchObject({
    currentDetails: expect.stringMatching(/^Unsubscribes at 20.*Z unless it is cancelled/),
  })
  expect(JSON.stringify(await handleOf(id).fetchHistory())).not.toContain('@example')
})

describe('confirmed and cancelled', () => {
  test('on the page: the workflow is told and ends', async () => {
    for (const [deed, state] of [
      ['confirm', 'confirmed'],
      ['cancel', 'cancelled'],
    ] as const) {
      const sent = await seed(600)
      await press(sent)
      const id = await idOf(sent)
      await startedWorkflow(id)
      await press(sent, deed)
      expect(await resultOf(id)).toMatchObject({ state, through: 'page' })
      expect(await status(sent)).toBe(state === 'confirmed' ? 'unsubscribed' : 'subscribed')
    }
  })

  test('in the Temporal UI', async () => {
    const sent = await seed(600)
    await press(sent)
    const id = await idOf(sent)
    await startedWorkflow(id)
    await expect(handleOf(id).executeUpdate('cancel', { args: [{}] })).rejects.toThrow()
    expect(await handleOf(id).executeUpdate('cancel', { args: [{ by: 'ada' }] })).toMatchObject({ state: 'cancelled' })
    expect(await resultOf(id)).toMatchObject({ state: 'cancelled', through: 'operator' })
    expect(await handleOf(id).query('__temporal_workflow_metadata')).toMatchObject({
      currentDetails: 'Was cancelled (through: operator). The subscription stays as it was.',
    })
    expect(await press(sent, 'confirm')).toBe('You stay subscribed')
    expect(await status(sent)).toBe('subscribed')
  })

  test('by the client, which names the operator in the proof', async () => {
    const { unsubscribes } = installation.addressee
    const sent = await seed(600)
    await press(sent)
    const [pending] = await unsubscribes.list({ contact: sent.contactId })
    const id = pending?.id ?? ''
    await startedWorkflow(id)
    expect(await unsubscribes.confirm(id, { by: 'ada' })).toEqual({ id, state: 'confirmed', changed: true })
    expect(await unsubscribes.cancel(id, { by: 'bob' })).toEqual({ id, state: 'confirmed', changed: false })
    expect(await resultOf(id)).toMatchObject({ state: 'confirmed' })
    const events = await installation.db
      .selectFrom('consent_event')
      .select(['through', 'actor'])
      .where('contact_id', '=', sent.contactId)
      .execute()
    expect(events).toEqual([{ through: 'operator', actor: 'ada' }])
    await expect(unsubscribes.cancel('999999', { by: 'ada' })).rejects.toThrow(/no delayed unsubscribe 999999/)
    await expect(unsubscribes.confirm('x', { by: 'ada' })).rejects.toThrow(/no delayed unsubscribe x/)
    await expect(unsubscribes.confirm(id, { by: ' ' })).rejects.toThrow(/^by: must name/)
    await expect(unsubscribes.list({ contact: 'nobody@example.com' })).rejects.toThrow(/nobody is known/)
  })

  test('at the same moment, from everywhere: one outcome, the same for all', async () => {
    for (let round = 0; round < 15; round += 1) {
      const sent = await seed(600)
      await press(sent)
      const id = await idOf(sent)
      await startedWorkflow(id)
      const update = (name: 'confirm' | 'cancel') =>
        handleOf(id)
          .executeUpdate(name, { args: [{ by: 'ada' }] })
          .catch(() => null)
      const [, , byClient] = await Promise.all([
        press(sent, 'confirm'),
        press(sent, 'cancel'),
        installation.addressee.unsubscribes.cancel(id, { by: 'bob' }),
        update('confirm'),
        update('cancel'),
      ])
      const { state } = await resultOf(id)
      expect(byClient.state).toBe(state)
      expect(await pendingsOf(installation.db, sent.resourceId)).toMatchObject([{ state }])
      expect(await status(sent)).toBe(state === 'confirmed' ? 'unsubscribed' : 'subscribed')
      expect(await eventsOf(installation.db, sent.campaignId)).toHaveLength(state === 'confirmed' ? 1 : 0)
      expect(await press(sent, 'cancel')).toBe(
        state === 'confirmed' ? 'You are already unsubscribed' : 'You stay subscribed',
      )
    }
  })
})

test('worker and edge are started anew in between: the time is not made longer', async () => {
  const sent = await seed(3)
  await press(sent)
  const id = await idOf(sent)
  await startedWorkflow(id)
  await Promise.all([workers.stop(), http.close()])
  await sleep(3500)
  expect(await status(sent)).toBe('subscribed')
  workers = await installation.startWorkers(scriptedChannel())
  http = await openEdge()
  expect(await resultOf(id)).toMatchObject({ state: 'confirmed', through: 'timer' })
  expect(await press(sent, 'cancel')).toBe('You are already unsubscribed')
})

test('of a contact that is erased meanwhile nothing is left to settle', async () => {
  const sent = await seed(2)
  await press(sent)
  const id = await idOf(sent)
  await startedWorkflow(id)
  await eraseContact(installation.db, sent.contactId, 'ada')
  expect(await resultOf(id)).toMatchObject({ state: 'gone' })
  expect(await refusalsOf(installation.db, sent.address)).toHaveLength(1)
})

describe('the sweep', () => {
  const sweep = async (steps: string[]): Promise<Record<string, string>> => {
    const options = { workflowId: `sweep-${crypto.randomUUID()}`, taskQueue: 'addressee-core', args: [{ steps }] }
    return installation.temporal.workflow.execute('sweep', options)
  }

  test('settles what has no workflow: 200, and nobody else', async () => {
    const { db } = installation
    const sent = await seed(600)
    const later = await seed(600)
    await sql`with people as (insert into contact (first_name) select 'Ada' from generate_series(1, 200) returning id)
      insert into pending_unsubscribe (contact_id, resource_id, category_id, campaign_id, due_at)
      select id, ${sent.resourceId}, ${sent.categories[0]?.id}, ${sent.campaignId}, now() - interval '30 seconds'
      from people`.execute(db)
    await press(later)
    expect(await sweep(['settleOverdueUnsubscribes'])).toEqual({
      settleOverdueUnsubscribes: '200 overdue unsubscribes settled',
    })
    const settled = await pendingsOf(db, sent.resourceId)
    expect(
      settled.filter(({ state, settled_through }) => state === 'confirmed' && settled_through === 'timer'),
    ).toHaveLength(200)
    expect(await pendingsOf(db, later.resourceId)).toMatchObject([{ state: 'pending' }])
  })

  test('a step that fails does not keep the others from theirs', async () => {
    const report = await sweep(['noSuchActivity', 'settleOverdueUnsubscribes'])
    expect(report).toMatchObject({
      noSuchActivity: expect.stringMatching(/^failed: /),
      settleOverdueUnsubscribes: expect.stringMatching(/settled$/),
    })
  })

  test('and its workflow then reports what the sweep did', async () => {
    const sent = await seed(600)
    await press(sent)
    const id = await idOf(sent)
    await startedWorkflow(id)
    await makeOverdue(installation.db, sent.resourceId)
    await sweep(['settleOverdueUnsubscribes'])
    expect(await handleOf(id).executeUpdate('cancel', { args: [{ by: 'ada' }] })).toMatchObject({
      state: 'confirmed',
      through: 'timer',
    })
  })
})
