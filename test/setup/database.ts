import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { type Connection, connect, type Db } from '../../db/connect.ts'
import { atEnd } from './at-end.ts'
import { templateDatabase } from './servers.ts'

export interface TestDatabase {
  db: Db
  url: string
}

/** A database of this test file's own, cloned from the migrated template, dropped when the file is done. */
export async function createDatabase(adminUrl = inject('postgresUrl')): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asAdmin(adminUrl, `create database ${name} template ${templateDatabase}`)
  const url = adminUrl.replace(/\/postgres$/, `/${name}`)
  const connection = connect(url, { connections: 10 })
  atEnd(async () => {
    await connection.close()
    await asAdmin(adminUrl, `drop database ${name} with (force)`)
  })
  return { db: connection.db, url }
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const admin: Connection = connect(url, { connections: 1 })
  try {
    await admin.execute(statement)
  } finally {
    await admin.close()
  }
}
