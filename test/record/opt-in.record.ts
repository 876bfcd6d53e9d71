import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { confirmOptIn } from '../../db/confirm-opt-in.ts'
import type { Id } from '../../db/schema.ts'
import { optInSignal, optInWorkflowId } from '../../workflows/contract.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { requestsOf, seedOptIn } from '../setup/opt-in-seed.ts'
import { accepted, scriptedChannel } from '../setup/scripted-channel.ts'
import { act } from '../setup/unsubscribe-seed.ts'

const channel = scriptedChannel()
let installation: Installation
beforeAll(async () => {
  installation = await createInstallation()
  await installation.startWorkers(channel)
})

const now = sql<Date>`now()`
const handle = (id: Id) => installation.temporal.workflow.getHandle(optInWorkflowId(id))

/** Nothing of the machine that it was recorded on: replaying does not look at it. */
const anonymous = (history: string): string =>
  history.replaceAll(`${process.pid}@${hostname()}`, 'worker').replaceAll(process.cwd(), '')

/** Runs one request in one way and keeps its history. */
async function record(name: string, steer: (request: { id: Id; contact_id: Id }) => Promise<unknown>): Promise<void> {
  const { contactId, categoryId, categoryKey } = await seedOptIn(installation.db)
  await installation.addressee.subscriptions.subscribe({ contactId }, categoryKey, { by: 'ada' })
  const request = (await requestsOf(installation.db, categoryId))[0] as { id: Id; contact_id: Id }
  await steer(request)
  await handle(request.id).result()
  channel.answer = () => accepted
  const file = new URL(`../histories/optIn--${name}.json`, import.meta.url)
  await writeFile(file, `${anonymous(historyToJSON(await handle(request.id).fetchHistory()))}\n`)
}

async function set(id: Id, times: { remind_at: typeof now } | { expires_at: typeof now }): Promise<void> {
  await installation.db.updateTable('opt_in_request').set(times).where('id', '=', id).execute()
  await handle(id).signal(optInSignal)
}

const mailed = (id: Id, column: 'mailed_at' | 'reminded_at') =>
  eventually(async () => {
    const row = await installation.db
      .selectFrom('opt_in_request')
      .select(column)
      .where('id', '=', id)
      .executeTakeFirst()
    expect(row?.[column] ?? null).not.toBeNull()
  })

test('confirmed', () =>
  record('confirmed', async ({ id, contact_id }) => {
    await mailed(id, 'mailed_at')
    const page = { ...act, through: 'page' as const }
    await confirmOptIn(installation.db, { scope: 'opt_in', requestId: id, contactId: contact_id }, page)
    await handle(id).signal(optInSignal)
  }))

test('reminded, then expired', () =>
  record('expired', async ({ id }) => {
    await mailed(id, 'mailed_at')
    await set(id, { remind_at: now })
    await mailed(id, 'reminded_at')
    await set(id, { expires_at: now })
  }))

test('the server was away, then refused', () => {
  const answers = [{ kind: 'unavailable', response: 'nobody answers' } as const]
  channel.answer = () =>
    answers.pop() ?? { kind: 'refused', code: 550, response: '550 no such user', addressIsDead: true }
  return record('refused', async () => {})
})
