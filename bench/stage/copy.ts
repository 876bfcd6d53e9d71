import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import postgres from 'postgres'
import { say } from './say.ts'

/** Lines of COPY's text format for one contact: none, one or several, each with its line end. */
export type LinesOf = (contactId: number) => string

// Large enough that a chunk's own cost does not count, small enough to be nothing in memory.
const chunkLength = 64 * 1024

/**
 * Fills an empty table by COPY, contact by contact. What points to other tables is not looked at: those who generate
 * the rows know that it is right, and ten million look-ups a reference would take longer than all the rest.
 * @param into the table with its columns, as it stands behind `copy`.
 * @throws when other rows arrived than were sent.
 */
export async function copyContacts(url: string, contacts: number, into: string, linesOf: LinesOf): Promise<void> {
  const sql = postgres(url, { max: 1, connection: { session_replication_role: 'replica' }, onnotice: () => {} })
  try {
    const sent = { rows: 0 }
    const copy = await sql.unsafe(`copy ${into} from stdin`).writable()
    await pipeline(Readable.from(chunks(contacts, into, linesOf, sent)), copy)
    // The stream ends well, too, where the server has refused the last of it.
    const [table] = into.split(' ')
    const [arrived] = await sql.unsafe<{ rows: number }[]>(`select count(*)::int as rows from ${table}`)
    if (arrived?.rows !== sent.rows) throw new Error(`${arrived?.rows} of ${sent.rows} rows arrived in ${table}`)
  } finally {
    await sql.end()
  }
}

function* chunks(contacts: number, into: string, linesOf: LinesOf, sent: { rows: number }): Generator<string> {
  let chunk = ''
  for (let id = 1; id <= contacts; id += 1) {
    const lines = linesOf(id)
    for (let at = lines.indexOf('\n'); at !== -1; at = lines.indexOf('\n', at + 1)) sent.rows += 1
    chunk += lines
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
    sayProgress(id, contacts, into)
  }
  yield chunk
}

let lastSaid = 0

/** Every few seconds: small loads are done before anything is said. */
function sayProgress(done: number, contacts: number, into: string): void {
  if (performance.now() - lastSaid < 5000) return
  if (lastSaid > 0) say(`  ${into.split(' ')[0]}: ${done.toLocaleString('en')} of ${contacts.toLocaleString('en')}`)
  lastSaid = performance.now()
}
