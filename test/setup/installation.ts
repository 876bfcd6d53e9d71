import { Client, Connection } from '@temporalio/client'
import { NativeConnection } from '@temporalio/worker'
import { inject } from 'vitest'
import type { Channel } from '../../channels/channel.ts'
import { Addressee } from '../../client/addressee.ts'
import type { Db } from '../../db/connect.ts'
import { ensureSearchAttributes } from '../../worker/search-attributes.ts'
import { createWorkers } from '../../worker/workers.ts'
import { atEnd } from './at-end.ts'
import { createDatabase } from './database.ts'
import { createNamespace } from './namespace.ts'
import { quietRuntime } from './quiet-runtime.ts'

export interface RunningWorkers {
  /** What SIGTERM does: claims are finished or given back. */
  stop: () => Promise<void>
}

/** Where an installation lives: the servers of the run, or a test's own. */
export interface Servers {
  /** A database on it, with the right to make others and a migrated template beside. */
  postgresUrl: string
  temporalAddress: string
}

export interface Installation {
  db: Db
  databaseUrl: string
  addressee: Addressee
  temporal: Client
  temporalAddress: string
  /** Of this file's own, as every installation has one. */
  namespace: string
  /** @param publicUrl where the links of the messages lead. */
  startWorkers: (channel: Channel, publicUrl?: string) => Promise<RunningWorkers>
}

/** A database, a Temporal namespace and a client of this test file's own; by default on the servers of the run. */
export async function createInstallation(servers: Partial<Servers> = {}): Promise<Installation> {
  quietRuntime()
  const { db, url } = await createDatabase(servers.postgresUrl)
  const address = servers.temporalAddress ?? inject('temporalAddress')
  const connection = await Connection.connect({ address })
  const namespace = await createNamespace(address)
  const addressee = new Addressee({
    databaseUrl: url,
    temporalAddress: address,
    temporalNamespace: namespace,
    privateWebhooks: 'allow',
  })
  const running: RunningWorkers[] = []
  atEnd(async () => {
    await Promise.all(running.map((workers) => workers.stop()))
    await addressee.close()
    await connection.close()
  })
  return {
    db,
    databaseUrl: url,
    addressee,
    namespace,
    temporalAddress: address,
    temporal: new Client({ connection, namespace }),
    startWorkers: async (channel, publicUrl = 'https://mail.acme.example') => {
      const workers = await startWorkers({ db, channel, namespace, address, publicUrl })
      running.push(workers)
      return workers
    },
  }
}

async function startWorkers(options: {
  db: Db
  channel: Channel
  namespace: string
  address: string
  publicUrl: string
}): Promise<RunningWorkers> {
  const { db, channel, namespace, address, publicUrl } = options
  const connection = await NativeConnection.connect({ address })
  await ensureSearchAttributes(connection, namespace)
  const stopping = new AbortController()
  const workers = await createWorkers({
    connection,
    namespace,
    // The receivers of tests are on this machine.
    deps: { db, channel, publicUrl, guard: { privateWebhooks: 'allow' }, stopping: stopping.signal },
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
