import { onTestFinished } from 'vitest'
import type { CampaignDefinition } from '../../domain/campaign-definition.ts'
import type { RunningCommand } from '../cli/command.ts'
import { scheduleTo } from './bulk-campaign.ts'
import { FaultCampaign } from './fault-campaign.ts'
import { type FaultSink, startFaultSink } from './fault-sink.ts'
import { createInstallation, type Installation, type Servers } from './installation.ts'
import { seedResource } from './seed.ts'
import { commandFor, startWorker } from './spawned-worker.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Recipients of a campaign that something happens to: 20,000 for `npm run faults`, few for `npm test`. */
    faultSize: number
  }
}

export interface FaultWorker extends RunningCommand {
  /** Its name at the mail server. */
  name: string
}

export interface WorkerOptions {
  /** What its SMTP_URL has before the host (`user:password@`), and further query (`&socketTimeout=2000`). */
  login?: string
  smtp?: string
  /** Settings of this worker alone. */
  env?: Record<string, string>
}

/** An installation with real worker processes and a mail server that can be told to go wrong. */
export interface FaultSite {
  installation: Installation
  sink: FaultSink
  command: ReturnType<typeof commandFor>
  startWorker: (options?: WorkerOptions) => Promise<FaultWorker>
  /** A campaign to new contacts, at once. */
  schedule: (key: string, size: number, changes?: Partial<CampaignDefinition>) => Promise<FaultCampaign>
  /** A campaign that was scheduled in another way. */
  watch: (key: string, size: number) => FaultCampaign
}

/**
 * To be called in a test: its workers end with it.
 * @param servers those of the run, where none of its own is named.
 */
export async function createFaultSite(servers: Partial<Servers> = {}): Promise<FaultSite> {
  const installation = await createInstallation(servers)
  const sink = await startFaultSink()
  const command = commandFor(installation, `smtp://${sink.address}`)
  await seedResource(installation.db, 'acme')
  const workers: FaultWorker[] = []
  onTestFinished(() => {
    for (const worker of workers) worker.process.kill('SIGKILL')
  })
  const watch = (key: string, size: number) => new FaultCampaign(installation, sink, command, key, size)
  return {
    installation,
    sink,
    command,
    startWorker: async ({ smtp = '', login = '', env = {} } = {}) => {
      const name = `worker-${workers.length + 1}`
      const url = `smtp://${login}${sink.address}?name=${name}${smtp}`
      const worker = { name, ...(await startWorker(command, { SMTP_URL: url, ...env })) }
      workers.push(worker)
      return worker
    },
    schedule: async (key, size, changes) => {
      await scheduleTo(installation, key, size, changes)
      return watch(key, size)
    },
    watch,
  }
}

/** SIGTERM, and the end of the process. */
export async function stopWorker(worker: FaultWorker): Promise<void> {
  worker.process.kill('SIGTERM')
  const { code, stdout } = await worker.ended
  if (code !== 0) throw new Error(`the worker ended with ${code}: ${stdout.slice(-2000)}`)
}
