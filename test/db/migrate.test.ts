import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { migrate, requireCurrentSchema } from '../../db/migrate.ts'
import { createDatabase } from '../setup/database.ts'

test('a migrated database has nothing left to migrate and is accepted', async () => {
  const { db } = await createDatabase()
  expect(await migrate(db)).toEqual([])
  await requireCurrentSchema(db)
})

test('a schema of a newer version is refused by name', async () => {
  const { db } = await createDatabase()
  await sql`insert into kysely_migration (name, timestamp) values ('9999-future', '2030-01-01')`.execute(db)
  await expect(requireCurrentSchema(db)).rejects.toThrow(/newer version of addressee \(9999-future\)/)
  await expect(migrate(db)).rejects.toThrow(/9999-future/)
})

test('a schema that lacks a migration is refused with the command to run', async () => {
  const { db } = await createDatabase()
  await sql`delete from kysely_migration where name = '0003-campaigns'`.execute(db)
  await expect(requireCurrentSchema(db)).rejects.toThrow(/lacks the migrations 0003-campaigns.*addressee migrate/)
})
