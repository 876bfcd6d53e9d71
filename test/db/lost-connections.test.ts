import { once } from 'node:events'
import { createServer } from 'node:net'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { connect, type Db } from '../../db/connect.ts'
import { createDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { startTcpProxy } from '../setup/tcp-proxy.ts'

// A connection that ends must not take the process with it: an error that escapes from the driver fails this file.

const { db, url } = await createDatabase()

/** In the words of the server, of the driver or of the operating system, whoever hears of it first. */
const connectionLost = /terminating connection|CONNECTION_(CLOSED|DESTROYED)|ECONNRESET|EPIPE/

const pidOf = async (db: Db): Promise<number> =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid ?? 0

/** From outside, as a server that goes down does; returns when the backend has gone. */
async function end(pid: number): Promise<void> {
  await sql`select pg_terminate_backend(${pid})`.execute(db)
  await eventually(async () => {
    const { rows } = await sql`select from pg_stat_activity where pid = ${pid}`.execute(db)
    expect(rows).toEqual([])
  })
}

async function withOneConnection(work: (db: Db) => Promise<void>): Promise<void> {
  const connection = connect(url, { connections: 1 })
  await work(connection.db)
  await connection.close()
}

test('an idle connection is replaced', () =>
  withOneConnection(async (db) => {
    const pid = await pidOf(db)
    await end(pid)
    await eventually(async () => expect(await pidOf(db)).not.toBe(pid))
  }))

test('a statement under way fails, and the next ones have a new connection', () =>
  withOneConnection(async (db) => {
    const pid = await pidOf(db)
    const sleeping = sql`select pg_sleep(60)`.execute(db)
    const waiting = pidOf(db)
    await Promise.all([expect(sleeping).rejects.toThrow(connectionLost), end(pid)])
    expect(await waiting).not.toBe(pid)
    expect(await pidOf(db)).toBe(await waiting)
  }))

test('a server that was away is found again', async () => {
  const proxy = await startTcpProxy(Number(new URL(url).port))
  const proxied = new URL(url)
  proxied.port = `${proxy.port}`
  const connection = connect(proxied.href, { connections: 2 })
  await pidOf(connection.db)
  await proxy.refuse()
  const refused = Array.from({ length: 5 }, () => pidOf(connection.db))
  const ends = await Promise.allSettled(refused)
  expect(ends.map((end) => end.status)).toEqual(Array(5).fill('rejected'))
  await proxy.mend()
  expect(await pidOf(connection.db)).toBeGreaterThan(0)
  await connection.close()
})

test('a transaction says why it failed, not that it could not be rolled back', () =>
  withOneConnection(async (db) => {
    const pid = await pidOf(db)
    const broken = db.transaction().execute((db) => sql`select pg_sleep(60)`.execute(db))
    await Promise.all([expect(broken).rejects.toThrow(connectionLost), end(pid)])
  }))

test('a server that accepts and closes without a word is not asked again and again', async () => {
  let asked = 0
  const server = createServer((socket) => {
    asked += 1
    socket.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const connection = connect(`postgres://postgres@127.0.0.1:${port}/nothing`)
  await expect(pidOf(connection.db)).rejects.toThrow('closed the connection while it was opened')
  expect(asked).toBe(1)
  await connection.close()
  server.close()
})

test('nothing of a transaction happens after its connection was lost', () =>
  withOneConnection(async (lost) => {
    await sql`create table witness (word text)`.execute(db)
    const broken = lost.transaction().execute(async (transaction) => {
      await sql`insert into witness values ('before')`.execute(transaction)
      await end(await pidOf(transaction))
      // The driver may hear of it a moment later than the server says so.
      await eventually(() => expect(sql`select 1`.execute(transaction)).rejects.toThrow())
      await sql`insert into witness values ('after')`.execute(transaction)
    })
    await expect(broken).rejects.toThrow()
    expect((await sql`select word from witness`.execute(db)).rows).toEqual([])
    expect(await pidOf(lost)).toBeGreaterThan(0)
  }))

test('who waits for a connection gets one when all are lost at once', async () => {
  const connection = connect(url, { connections: 3, name: 'lost together' })
  const sleeping = Array.from({ length: 9 }, () =>
    sql`select pg_sleep(0.5)`.execute(connection.db).then(
      () => 'slept',
      () => 'lost',
    ),
  )
  const asleep = sql`pg_stat_activity where application_name = 'lost together' and query like '%pg_sleep%'`
  await eventually(async () => expect((await sql`select from ${asleep}`.execute(db)).rows).toHaveLength(3))
  await sql`select pg_terminate_backend(pid) from ${asleep}`.execute(db)
  const ends = await Promise.all(sleeping)
  expect(ends.filter((each) => each === 'lost')).toHaveLength(3)
  await connection.close()
})
