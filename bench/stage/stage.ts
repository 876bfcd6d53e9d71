import { readFile } from 'node:fs/promises'
import { createLazyTemporal, type LazyTemporal } from '../../client/temporal.ts'
import { startStack } from '../../dev/stack.ts'
import { type DatabaseStage, openDatabase } from './database.ts'
import { inFolder } from './folder.ts'
import { say } from './say.ts'
import { type Sink, startSink } from './sink.ts'

/** Everything that a campaign needs but the worker: servers of a benchmark's own, on loopback, gone when it is done. */
export interface Stage extends DatabaseStage {
  /** What `addressee worker` reads. */
  env: NodeJS.ProcessEnv
  temporal: LazyTemporal
  /** As fast as it can. */
  sink: Sink
}

export const onStage = <T>(work: (stage: Stage) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    await using open = new AsyncDisposableStack()
    const sink = await startSink()
    open.defer(sink.stop)
    const { env, stop } = await startStack({ dataDir: folder, fresh: false, say, env: ownServers(sink) })
    open.defer(stop)
    const temporal = createLazyTemporal({
      address: env['TEMPORAL_ADDRESS'] ?? '',
      namespace: env['TEMPORAL_NAMESPACE'] ?? '',
    })
    open.defer(temporal.close)
    const database = await openDatabase(env, open)
    return await work({ folder, env, sink, temporal, ...database })
  })

/** Not those that the environment names: we fill the database, and leave nothing as it was. */
const ownServers = (sink: Sink): NodeJS.ProcessEnv => ({
  ...process.env,
  DATABASE_URL: '',
  TEMPORAL_ADDRESS: '',
  SMTP_URL: sink.url,
})

/** The process that a stage started under this name. */
export async function pidOf(folder: string, name: 'postgres' | 'temporal'): Promise<number> {
  return (JSON.parse(await readFile(`${folder}/${name}.pid`, 'utf8')) as { pid: number }).pid
}
