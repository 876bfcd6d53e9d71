import { execFileSync } from 'node:child_process'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CampaignWithCounts } from '../../client/campaigns.ts'
import type { Explanation } from '../../db/explain.ts'
import type { RecipientRow } from '../../db/ledger.ts'
import { eventually } from '../setup/eventually.ts'
import type { RunningCommand } from './command.ts'
import { goodText, writeMessage } from './message.ts'
import { createShop } from './shop.ts'

// The daemon as an operator runs it: a process that is started, sends over a socket, and is told to stop.

const many = 600
const shop = await createShop()
let schedule: string[]
/** Addresses in the order in which the server answered 250. */
const inbox: string[] = []
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  onData: (stream, { envelope }, answer) => {
    stream.resume()
    stream.once('end', () =>
      setTimeout(() => {
        inbox.push(...envelope.rcptTo.map(({ address }) => address))
        answer()
      }, 20),
    )
  },
})

beforeAll(async () => {
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const lines = Array.from({ length: many }, (_, index) => `reader-${index}@example.com,news`)
  const input = ['email,topics', 'ada@example.com,offers', ...lines].join('\n')
  const imported = await shop.addressee(['contacts', 'import', '-', '--source', 'shop'], { input })
  expect(imported.code).toBe(0)
  const message = writeMessage(shop.folder, 'letter', goodText)
  schedule = ['campaigns', 'schedule', '--resource', 'acme', '--message', message, '--now']
})

afterAll(() => new Promise<void>((resolve) => smtp.close(resolve)))

const workerEnv = (changes: Record<string, string> = {}) => ({
  SMTP_URL: `smtp://127.0.0.1:${(smtp.server.address() as { port: number }).port}`,
  ADDRESSEE_PUBLIC_URL: 'https://mail.acme.example',
  ADDRESSEE_SECRET: 'a secret for tests only',
  ADDRESSEE_SMTP_CONNECTIONS: '5',
  ...changes,
})

async function startWorker(env: Record<string, string> = {}): Promise<RunningCommand> {
  const worker = shop.start(['worker'], { env: workerEnv(env) })
  await eventually(() => expect(worker.stdout()).toContain('"worker started"'), 40_000)
  return worker
}

test('it starts once more with a small heap, under its own pid, and not where somebody has chosen one', async () => {
  const argumentsOf = (worker: RunningCommand) =>
    execFileSync('ps', ['-o', 'args=', '-p', `${worker.process.pid}`], { encoding: 'utf8' })
  const stop = async (worker: RunningCommand) => {
    worker.process.kill('SIGTERM')
    expect(await worker.ended).toMatchObject({ code: 0 })
  }
  const worker = await startWorker()
  expect(argumentsOf(worker)).toContain('--max-semi-space-size=4')
  await stop(worker)
  const chosen = await startWorker({ NODE_OPTIONS: '--max-semi-space-size=8' })
  expect(argumentsOf(chosen)).not.toContain('--max-semi-space-size')
  await stop(chosen)
})

const get = (key: string) => shop.json<CampaignWithCounts>(['campaigns', 'show', key])

test('a campaign is followed to its end, and each recipient is explained', async () => {
  const worker = await startWorker()
  const { code, stdout, stderr } = await shop.addressee([
    ...schedule,
    '--key',
    'small',
    '--category',
    'offers',
    '--watch',
    '--json',
  ])
  const counts = { queued: 0, claimed: 0, sent: 1, failed: 0, skipped: 0, unknown: 0 }
  expect({ code, campaign: JSON.parse(stdout) }).toMatchObject({ code: 0, campaign: { state: 'finished', counts } })
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /^small: finished, 100 % of 1: 1 sent, 0 failed, 0 skipped, 0 unknown, [01]\/s$/,
  )
  expect(inbox).toEqual(['ada@example.com'])
  const recipients = await shop.json<RecipientRow[]>(['campaigns', 'recipients', 'small', '--state', 'sent'])
  expect(recipients).toMatchObject([{ seq: 1, address: 'ada@example.com', state: 'sent', attempts: 1 }])
  const [ada] = await shop.json<Explanation[]>(['campaigns', 'explain', 'small', 'ada@example.com'])
  expect(ada).toMatchObject({ reason: null, recipient: { seq: 1, state: 'sent' } })
  await stop(worker)
})

async function stop(worker: RunningCommand): Promise<void> {
  worker.process.kill('SIGTERM')
  expect(await worker.ended).toMatchObject({ code: 0, stderr: '' })
}

test('a worker that is told to stop in the middle leaves nothing in doubt, and the next one goes on', async () => {
  inbox.length = 0
  const first = await startWorker()
  await shop.json([...schedule, '--key', 'large', '--category', 'news'])
  await eventually(() => expect(inbox.length).toBeGreaterThan(50))
  await stop(first)
  const { counts, audience } = await get('large')
  expect(audience).toBe(many)
  expect(counts).toMatchObject({ claimed: 0, failed: 0, skipped: 0, unknown: 0, sent: inbox.length })
  expect(counts.queued).toBe(many - inbox.length)
  expect(counts.queued).toBeGreaterThan(0)

  const second = await startWorker()
  await eventually(async () => expect((await get('large')).state).toBe('finished'), 40_000)
  const all = { queued: 0, claimed: 0, sent: many, failed: 0, skipped: 0, unknown: 0 }
  expect((await get('large')).counts).toEqual(all)
  expect(new Set(inbox).size).toBe(many)
  expect(inbox).toHaveLength(many)
  await stop(second)
})

test('a server that does not answer at the start is named', async () => {
  const [mail, temporal] = await Promise.all([
    shop.addressee(['worker'], { env: workerEnv({ SMTP_URL: 'smtp://127.0.0.1:1' }) }),
    shop.addressee(['worker'], { env: workerEnv({ TEMPORAL_ADDRESS: '127.0.0.1:1' }) }),
  ])
  expect(mail).toEqual({
    code: 69,
    stdout: '',
    stderr:
      'error: The mail server 127.0.0.1:1 does not answer: connect ECONNREFUSED 127.0.0.1:1. ' +
      'Start it, or correct SMTP_URL.\n',
  })
  expect(temporal).toEqual({
    code: 69,
    stdout: '',
    stderr: 'error: Temporal does not answer at 127.0.0.1:1. Start a Temporal server there, or set TEMPORAL_ADDRESS.\n',
  })
})
