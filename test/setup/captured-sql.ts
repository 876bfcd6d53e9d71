import { CompiledQuery, type KyselyPlugin, sql } from 'kysely'
import type { Db } from '../../db/connect.ts'

export interface Capture {
  /** The same database, with its statements kept. */
  db: Db
  statements: CompiledQuery[]
}

/** Keeps every statement that is executed through the returned handle, as it goes to Postgres. */
export function captureSql(db: Db): Capture {
  const statements: CompiledQuery[] = []
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      statements.push(db.getExecutor().compileQuery(node, queryId))
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return { db: db.withPlugin(plugin), statements }
}

/** Indented as written, without the spaces that interpolation leaves at line ends, and of no campaign in particular. */
export const tidy = (sql: string): string =>
  `${sql
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n')
    .replaceAll(/recipient_\d+/g, 'recipient_N')
    .trim()}\n`

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  Plans?: Plan[]
}

/** The relations that the planner would read from end to end, for these parameters. */
export async function sequentialScans(db: Db, statement: CompiledQuery): Promise<string[]> {
  const explained = CompiledQuery.raw(`explain (format json) ${statement.sql}`, [...statement.parameters])
  return scansOf(await db.executeQuery<Explained>(explained))
}

/** The same for parameters that it does not know: so a prepared statement is planned after its fifth execution. */
export async function sequentialScansPrepared(db: Db, statement: CompiledQuery): Promise<string[]> {
  return db.transaction().execute(async (db) => {
    await sql.raw(`set local plan_cache_mode = force_generic_plan`).execute(db)
    await sql.raw(`prepare explained as ${statement.sql}`).execute(db)
    const values = statement.parameters.map(() => 'null').join(', ')
    const plan = await sql.raw<Explained>(`explain (format json) execute explained(${values})`).execute(db)
    await sql.raw(`deallocate explained`).execute(db)
    return scansOf(plan)
  })
}

interface Explained {
  'QUERY PLAN': { Plan: Plan }[]
}

function scansOf({ rows }: { rows: Explained[] }): string[] {
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan
  if (plan === undefined) throw new Error('no plan')
  return scansIn(plan)
}

const scansIn = (plan: Plan): string[] => [
  ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? ''] : []),
  ...(plan.Plans ?? []).flatMap(scansIn),
]
