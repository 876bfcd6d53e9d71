import type { Client, WorkflowHandle } from '@temporalio/client'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { campaignActivities } from '../activities/campaigns.ts'
import type { Activities } from '../activities/index.ts'
import { Addressee } from '../client/addressee.ts'
import { findTemporal } from '../dev/temporal-binary.ts'
import { noFates } from '../domain/fate.ts'
import { bundleWorkflows } from '../worker/bundle-workflows.ts'
import { ensureSearchAttributes } from '../worker/search-attributes.ts'
import { campaignWorkflowId, taskQueues } from '../workflows/contract.ts'
import { content } from './senders/message.ts'
import { loadAudiences } from './stage/audience.ts'
import { type DatabaseStage, onDatabase } from './stage/database.ts'
import { round2 } from './stage/figures.ts'
import { say } from './stage/say.ts'

export interface HistoryOptions {
  recipients: number
  /** After so many events Temporal suggests a new run; its default is 4,096. */
  suggestAt: number
}

// What activities/audience.ts decides for a campaign of this size.
const rangeSize = 20_000
const window = 8

/**
 * What a very large campaign leaves in Temporal: its workflow as it is, and activities that find an audience and send
 * nothing to it. Counts events and bytes of every run, and replays each of them with today's code.
 */
export const history = (options: HistoryOptions): Promise<object> =>
  onDatabase([], async (database) => {
    Runtime.install({ logger: new DefaultLogger('WARN') })
    const path = await findTemporal({ say })
    const temporal = await TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path },
        extraArgs: ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${options.suggestAt}`],
      },
    })
    try {
      return { benchmark: 'history', ...options, ...(await measure(database, temporal, options)) }
    } finally {
      await temporal.teardown()
    }
  })

async function measure(
  database: DatabaseStage,
  { nativeConnection: connection, client, address }: TestWorkflowEnvironment,
  { recipients }: HistoryOptions,
): Promise<object> {
  await loadAudiences(database, [{ key: 'one', size: 1 }])
  await ensureSearchAttributes(connection, client.options.namespace)
  const workflowBundle = await bundleWorkflows()
  const shared = { connection, namespace: client.options.namespace, activities: emptySends(database, recipients) }
  const workers = [
    await Worker.create({ ...shared, workflowBundle, taskQueue: taskQueues.core }),
    await Worker.create({ ...shared, taskQueue: taskQueues.smtp }),
  ]
  const running = Promise.all(workers.map((worker) => worker.run()))
  const runs = await runCampaign(database, client, address).finally(() => {
    for (const worker of workers) worker.shutdown()
  })
  await running
  return report(runs, recipients, await replay(runs, workflowBundle))
}

/** The row is real; its audience is a number, and sending is counting up to it. */
const emptySends = ({ db }: DatabaseStage, recipients: number): Partial<Activities> => ({
  ...campaignActivities({ db }),
  resolveAudience: async () => ({
    audience: recipients,
    candidates: recipients,
    rangeSize,
    window,
    funnel: { included: recipients },
  }),
  dispatchRange: async ({ to }) => ({ counts: { ...noFates(), sent: to, queued: recipients - to }, stopped: null }),
})

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>

/** The histories of all runs, the first one first. */
async function runCampaign({ url }: DatabaseStage, client: Client, temporalAddress: string): Promise<History[]> {
  const addressee = new Addressee({ databaseUrl: url, temporalAddress, temporalNamespace: client.options.namespace })
  try {
    const definition = { key: 'large', resource: 'bench', categories: ['one'], content, now: true }
    const { id } = await addressee.campaigns.schedule(definition)
    const handle = client.workflow.getHandle(campaignWorkflowId(id))
    await handle.result()
    return await historiesOf(client, handle.workflowId)
  } finally {
    await addressee.close()
  }
}

async function historiesOf(client: Client, workflowId: string): Promise<History[]> {
  const runs: History[] = []
  let runId = await firstRunId(client, workflowId)
  while (runId !== '') {
    const run = await client.workflow.getHandle(workflowId, runId).fetchHistory()
    runs.push(run)
    runId = run.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? ''
  }
  return runs
}

async function firstRunId(client: Client, workflowId: string): Promise<string> {
  const last = await client.workflow.getHandle(workflowId).fetchHistory()
  return last.events?.[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId ?? ''
}

async function replay(runs: History[], workflowBundle: { code: string }): Promise<number> {
  const named = runs.map((history, index) => ({ workflowId: `run ${index + 1}`, history }))
  let replayed = 0
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, named)) {
    if (error) throw new Error(`${workflowId} does not replay`, { cause: error })
    replayed += 1
  }
  return replayed
}

function report(runs: History[], recipients: number, replayed: number): object {
  const events = runs.map((run) => run.events?.length ?? 0)
  const all = events.reduce((sum, count) => sum + count, 0)
  return {
    runs: runs.length,
    replayed,
    ranges: Math.ceil(recipients / rangeSize),
    events: all,
    mostEventsOfARun: Math.max(...events),
    eventsPer100000: round2((1e5 * all) / recipients),
  }
}
