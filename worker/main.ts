import { Runtime, type Worker } from '@temporalio/worker'
import { createEmailChannel } from '../channels/email/email-channel.ts'
import { verifySmtpServer } from '../channels/email/verify-server.ts'
import { openDatabase } from '../db/open.ts'
import { createTokens } from '../domain/link-token.ts'
import { bundleWorkflows } from './bundle-workflows.ts'
import type { WorkerConfig } from './config.ts'
import { collectEarly } from './heap.ts'
import { createLogger } from './logger.ts'
import { ensureSearchAttributes } from './search-attributes.ts'
import { ensureSweepSchedule } from './sweep-schedule.ts'
import { connectTemporal, installRuntime } from './temporal.ts'
import { createWorkers } from './workers.ts'

/**
 * The process `addressee worker`: carries out campaigns until SIGTERM or SIGINT. It then claims nothing more,
 * finishes or gives back what it claimed, and returns.
 * @throws Unavailable or Refusal when a server that it needs is not there, or not fit, at the start.
 */
export async function runWorker(config: WorkerConfig): Promise<void> {
  const log = createLogger(config.logLevel)
  installRuntime(log, config.metricsAddress)
  // Released in reverse, whether the worker ran or failed half-way.
  // The native runtime would keep the process alive: it goes last.
  const releases: (() => Promise<void> | void)[] = [() => Runtime.instance().shutdown()]
  try {
    // Takes a second or two: meanwhile the servers are asked.
    const bundling = bundleWorkflows()
    bundling.catch(() => {})
    const { db, close } = await openDatabase(config.databaseUrl, { name: 'addressee worker', connections: 20 })
    releases.push(close)
    await verifySmtpServer(config.smtpUrl)
    const channel = createEmailChannel({
      smtpUrl: config.smtpUrl,
      connections: config.smtpConnections,
      tokens: createTokens(config.secrets),
    })
    releases.push(() => channel.transport.close())
    const { connection, namespace } = await connectTemporal()
    releases.push(() => connection.close())
    await ensureSearchAttributes(connection, namespace)
    await ensureSweepSchedule(connection, namespace)

    const stopping = new AbortController()
    const { publicUrl, privateWebhooks } = config
    const deps = { db, channel, publicUrl, guard: { privateWebhooks }, stopping: stopping.signal }
    const workers = await createWorkers({ connection, namespace, deps, workflowBundle: await bundling })
    onceTold((signal) => {
      log.info({ signal }, 'worker stopping')
      // First the senders: an activity hears of its Worker's shutdown only when the grace time is over.
      stopping.abort()
      workers.forEach(shutDown)
    })
    collectEarly()
    log.info({ namespace, metrics: config.metricsAddress }, 'worker started')
    await runTogether(workers)
    log.info('worker stopped')
  } finally {
    for (const release of releases.toReversed()) await release()
  }
}

/** Where one Worker ends, by a signal or by a failure, the others end too: half a worker would look alive. */
async function runTogether(workers: Worker[]): Promise<void> {
  const ends = await Promise.allSettled(workers.map((worker) => worker.run().finally(() => workers.forEach(shutDown))))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function onceTold(stop: (signal: NodeJS.Signals) => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
}

function shutDown(worker: Worker): void {
  // One that failed is on its way out already.
  if (worker.getState() === 'RUNNING') worker.shutdown()
}
