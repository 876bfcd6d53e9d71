import { randomBytes, randomInt } from 'node:crypto'
import { Client, Connection } from '@temporalio/client'
import { NativeConnection } from '@temporalio/worker'
import { sql } from 'kysely'
import { afterAll, inject } from 'vitest'
import type { Channel } from '../../channels/channel.ts'
import { Addressee } from '../../client/addressee.ts'
import type { Db } from '../../db/connect.ts'
import { createWorkers } from '../../worker/workers.ts'
import { type TaskQueues, taskQueues } from '../../workflows/contract.ts'
import { createDatabase } from './database.ts'
import { quietRuntime } from './quiet-runtime.ts'

export interface RunningWorkers {
  /** What SIGTERM does: claims are finished or given back. */
  stop: () => Promise<void>
}

export interface Installation {
  db: Db
  databaseUrl: string
  addressee: Addressee
  temporal: Client
  queues: TaskQueues
  startWorkers: (channel: Channel) => Promise<RunningWorkers>
}

/** A database, task queues and a client of this test file's own, on the servers of the run. */
export async function createInstallation(): Promise<Installation> {
  quietRuntime()
  const { db, url } = await createDatabase()
  await useOwnCampaignIds(db)
  const address = inject('temporalAddress')
  const queues = taskQueues(`test-${randomBytes(6).toString('hex')}`)
  const connection = await Connection.connect({ address })
  const addressee = new Addressee({ databaseUrl: url, temporalAddress: address, taskQueues: queues })
  const running: RunningWorkers[] = []
  afterAll(async () => {
    await Promise.all(running.map((workers) => workers.stop()))
    await addressee.close()
    await connection.close()
  })
  return {
    db,
    databaseUrl: url,
    addressee,
    queues,
    temporal: new Client({ connection }),
    startWorkers: async (channel) => {
      const workers = await startWorkers({ db, channel, queues, address })
      running.push(workers)
      return workers
    },
  }
}

/** A workflow's id is its campaign's, and the test files share one Temporal: their ids must not meet. */
async function useOwnCampaignIds(db: Db): Promise<void> {
  await sql`alter table campaign alter id restart with ${sql.lit(randomInt(2 ** 40))}`.execute(db)
}

async function startWorkers(options: {
  db: Db
  channel: Channel
  queues: TaskQueues
  address: string
}): Promise<RunningWorkers> {
  const { db, channel, queues, address } = options
  const connection = await NativeConnection.connect({ address })
  const stopping = new AbortController()
  const workers = await createWorkers({
    connection,
    namespace: 'default',
    queues,
    deps: { db, channel, publicUrl: 'https://mail.acme.example', stopping: stopping.signal },
    workflowBundle: { codePath: inject('workflowBundlePath') },
  })
  const ends = workers.map((worker) => worker.run())
  let stopped: Promise<void> | null = null
  const stop = async (): Promise<void> => {
    stopping.abort()
    for (const worker of workers) worker.shutdown()
    await Promise.all(ends)
    await connection.close()
  }
  return {
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
