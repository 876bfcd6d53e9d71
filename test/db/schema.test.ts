import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { createDatabase } from '../setup/database.ts'

// db/schema.ts is written by hand. Here it is held against what the migrations really made.

/** `table.column` and whether it can be null, from the text of the interface. */
function declared(source: string): Map<string, boolean> {
  const body = source.slice(source.search(/^export interface (Schema|EventTables|ApiTables) /m))
  const columns = new Map<string, boolean>()
  for (const [, table, fields] of body.matchAll(/^ {2}(\w+): \{([^}]*)\}/gm))
    for (const [, column, type] of (fields ?? '').matchAll(/(\w+): ([^\n;]+)/g))
      columns.set(`${table}.${column}`, type?.includes('| null') === true)
  return columns
}

test('schema.ts names the tables, columns and nullability that the database has', async () => {
  const { db } = await createDatabase()
  const { rows } = await sql<{ name: string; nullable: boolean }>`
    select table_name || '.' || column_name as name, is_nullable = 'YES' as nullable
    from information_schema.columns
    where table_schema = 'public' and table_name not like 'kysely%'`.execute(db)
  const actual = new Map(rows.map((row) => [row.name, row.nullable]))
  const files = ['schema.ts', 'event-tables.ts', 'api-tables.ts'].map(
    (name) => new URL(`../../db/${name}`, import.meta.url),
  )
  const written = new Map(
    (await Promise.all(files.map((file) => readFile(file, 'utf8')))).flatMap((text) => [...declared(text)]),
  )
  expect(written.size).toBeGreaterThan(100)
  expect(Object.fromEntries([...written].toSorted())).toEqual(Object.fromEntries([...actual].toSorted()))
})

test('the history of consent can be added to, and neither changed nor emptied', async () => {
  const { db } = await createDatabase()
  const event = { contact_id: '1', action: 'subscribed', through: 'api' } as const
  await db.insertInto('consent_event').values(event).execute()
  await expect(db.updateTable('consent_event').set({ action: 'opted_in' }).execute()).rejects.toThrow(/append-only/)
  await expect(db.deleteFrom('consent_event').execute()).rejects.toThrow(/append-only/)
  await expect(sql`truncate consent_event`.execute(db)).rejects.toThrow(/append-only/)
})
