import { sql } from 'kysely'
import { Addressee } from '../client/addressee.ts'
import { logHolds, type RunningProcess, startProcess, untilReady } from '../dev/processes.ts'
import { cpuSecondsOf, cpuSecondsOfFamily, peakMebibytesOf } from './cpu.ts'
import { content } from './message.ts'
import { median, openStage, pidOf, round2, runSender, type Stage, say, type Timed } from './stage.ts'

const connections = 10
const rounds = 3
const floorMessages = 100_000
const nodemailerMessages = 5000

/**
 * From `campaigns.schedule` to the last settled row, through Temporal, the ledger and SMTP; beside it, in the same
 * run and alternating, the bare pipelined client and nodemailer's pool composing the same message.
 */
export async function dispatch(recipients: number): Promise<object> {
  const stage = await openStage()
  try {
    await loadContacts(stage, recipients)
    const worker = await startWorker(stage)
    try {
      return await measure(stage, worker, recipients)
    } finally {
      await worker.stop(30_000)
    }
  } finally {
    await stage.close()
  }
}

async function loadContacts({ database: { db }, env }: Stage, recipients: number): Promise<void> {
  say(`loading ${recipients} contacts`)
  const addressee = clientOf(env)
  await addressee.resources.create({
    key: 'bench',
    name: 'Bench',
    fromName: 'Bench News',
    fromAddress: 'news@bench.example',
    listLabel: 'Bench',
    listId: 'news.bench.example',
  })
  const category = await addressee.categories.create({ resource: 'bench', title: 'News' })
  await addressee.close()
  const statements = [
    sql`insert into contact (first_name, last_name, attributes)
      select 'Ada', 'Lovelace', '{"plan": "pro", "city": "London"}' from generate_series(1, ${sql.lit(recipients)})`,
    sql`insert into contact_address (contact_id, channel, value, address_key)
      select id, 'email', 'c' || id || '@bench.example', decode(md5(id::text), 'hex') from contact`,
    sql`insert into subscription (category_id, contact_id, status, source)
      select ${category.id}, id, 'subscribed', 'bench' from contact`,
    sql`vacuum analyze`,
  ]
  for (const statement of statements) await statement.execute(db)
}

const clientOf = (env: NodeJS.ProcessEnv): Addressee =>
  new Addressee({ databaseUrl: env['DATABASE_URL'] ?? '', temporalAddress: env['TEMPORAL_ADDRESS'] ?? '' })

async function startWorker({ env, folder }: Stage): Promise<RunningProcess> {
  const workerEnv = { ...env, ADDRESSEE_SMTP_CONNECTIONS: String(connections) }
  const worker = await startProcess({
    name: 'bench-worker',
    command: process.execPath,
    args: ['client/cli/main.ts', 'worker'],
    folder,
    env: workerEnv,
  })
  await untilReady(worker, logHolds(worker, '"worker started"'), { limitMs: 60_000 })
  return worker
}

interface Product extends Timed {
  /** CPU seconds of every process that has a part in it. */
  cpu: Cpu
}
type Cpu = Record<'worker' | 'postgres' | 'temporal' | 'sink', number>

async function measure(stage: Stage, worker: RunningProcess, recipients: number): Promise<object> {
  const results: { floor: Timed; nodemailer: Timed; product: Product }[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const floor = await runSender('./floor.ts', [stage.sink.port, floorMessages, connections, 4096])
    const nodemailer = await runSender('./nodemailer-pool.ts', [stage.sink.port, nodemailerMessages, connections])
    const product = await runCampaign(stage, worker, `round-${round}`, recipients)
    say(`round ${round}: floor ${rate(floor)}/s, nodemailer ${rate(nodemailer)}/s, addressee ${rate(product)}/s`)
    results.push({ floor, nodemailer, product })
  }
  const of = (pick: 'floor' | 'nodemailer' | 'product') => ({
    perSecond: median(results.map((each) => rate(each[pick]))),
    cpuMicroseconds: median(results.map((each) => Math.round((1e6 * each[pick].cpuSeconds) / each[pick].messages))),
  })
  const [floor, nodemailer, product] = [of('floor'), of('nodemailer'), of('product')]
  const cpu = (name: keyof Cpu) => median(results.map((each) => (1e6 * each.product.cpu[name]) / recipients))
  const all = cpu('worker') + cpu('postgres') + cpu('temporal') + cpu('sink')
  return {
    benchmark: 'dispatch',
    recipients,
    connections,
    rounds,
    floor,
    nodemailer,
    product: {
      ...product,
      postgresMicroseconds: Math.round(cpu('postgres')),
      temporalMicroseconds: round2(cpu('temporal')),
      sinkMicroseconds: Math.round(cpu('sink')),
      peakMebibytes: await peakMebibytesOf(worker.pid),
    },
    timesNodemailer: round2(product.perSecond / nodemailer.perSecond),
    shareOfFloor: round2(product.perSecond / floor.perSecond),
    temporalShareOfCpu: round2(cpu('temporal') / all),
  }
}

async function runCampaign(stage: Stage, worker: RunningProcess, key: string, recipients: number): Promise<Product> {
  const addressee = clientOf(stage.env)
  const acceptedBefore = await stage.sink.accepted()
  const before = await cpuNow(stage, worker)
  try {
    const { id } = await addressee.campaigns.schedule({
      key,
      resource: 'bench',
      categories: ['news'],
      content,
      now: true,
    })
    while ((await addressee.campaigns.get(key)).state !== 'finished')
      await new Promise((resolve) => setTimeout(resolve, 500))
    const cpu = difference(await cpuNow(stage, worker), before)
    const accepted = (await stage.sink.accepted()) - acceptedBefore
    const { counts } = await addressee.campaigns.get(key)
    if (counts.sent !== recipients || accepted !== recipients)
      throw new Error(`${counts.sent} sent and ${accepted} accepted of ${recipients}`)
    return { messages: recipients, seconds: await secondsOf(stage, id), cpuSeconds: cpu.worker, cpu }
  } finally {
    await addressee.close()
  }
}

const cpuNow = async ({ folder, sink }: Stage, worker: RunningProcess): Promise<Cpu> => ({
  worker: await cpuSecondsOf(worker.pid),
  postgres: await cpuSecondsOfFamily(await pidOf(folder, 'postgres')),
  temporal: await cpuSecondsOf(await pidOf(folder, 'temporal')),
  sink: await cpuSecondsOf(sink.pid),
})

const difference = (after: Cpu, before: Cpu): Cpu => ({
  worker: after.worker - before.worker,
  postgres: after.postgres - before.postgres,
  temporal: after.temporal - before.temporal,
  sink: after.sink - before.sink,
})

async function secondsOf({ database: { db } }: Stage, campaignId: string): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from max(r.settled_at) - min(c.created_at))::float8 as seconds
    from recipient r join campaign c on c.id = r.campaign_id where r.campaign_id = ${campaignId}`.execute(db)
  return rows[0]?.seconds ?? Number.NaN
}

const rate = ({ messages, seconds }: Timed): number => Math.round(messages / seconds)
