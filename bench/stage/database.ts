import { Addressee } from '../../client/addressee.ts'
import { connect, type Db } from '../../db/connect.ts'
import { migrate } from '../../db/migrate.ts'
import { freePort } from '../../dev/free-port.ts'
import { startPostgres } from '../../dev/postgres.ts'
import { inFolder } from './folder.ts'

/** A migrated database, by all the ways that a benchmark uses it. */
export interface Database {
  url: string
  db: Db
  addressee: Addressee
}

/** The same with its server alone: for what needs neither Temporal nor mail. */
export interface DatabaseStage extends Database {
  /** For data and logs. */
  folder: string
}

/** @param flags settings of PostgreSQL, `name=value`; without any it has its defaults. */
export const onDatabase = <T>(flags: string[], work: (stage: DatabaseStage) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    await using open = new AsyncDisposableStack()
    const postgres = await startPostgres({ dataDir: `${folder}/postgres`, port: await freePort(), flags })
    open.defer(postgres.stop)
    const database = await openDatabase({ DATABASE_URL: postgres.urlOf('postgres') }, open)
    return await work({ folder, ...database })
  })

/** Connects as the environment says, and migrates. Whatever is opened is closed with `open`. */
export async function openDatabase(env: NodeJS.ProcessEnv, open: AsyncDisposableStack): Promise<Database> {
  const url = env['DATABASE_URL'] ?? ''
  const { db, close } = connect(url, { name: 'bench' })
  open.defer(close)
  await migrate(db)
  const addressee = new Addressee({
    databaseUrl: url,
    temporalAddress: env['TEMPORAL_ADDRESS'] ?? '',
    temporalNamespace: env['TEMPORAL_NAMESPACE'] ?? '',
  })
  open.defer(() => addressee.close())
  return { url, db, addressee }
}
