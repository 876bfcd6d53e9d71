import type { PostgresJSReservedSql, PostgresJSSql } from 'kysely-postgres-js'
import postgres from 'postgres'
import { type OpenSocket, oneSocket } from './one-socket.ts'

// The driver's own pool (postgres 3.4.9) takes back a reserved connection that has died, hands it out again, and then
// throws where nobody can catch it: the end of a database connection would be the end of the process. So every
// connection here is a client of the driver's that may open one, and what has closed is never used again.

export interface PoolOptions {
  /** Upper bound of open connections. */
  connections: number
  /** What `pg_stat_activity.application_name` shows. */
  name: string
}

/** The driver's types leave `socket` out, its documentation does not. */
type DriverOptions = postgres.Options<Record<string, never>> & { socket: OpenSocket }

/** One connection, and nothing after it. */
interface Member {
  sql: postgres.Sql
  isClosed: boolean
  openedAt: number
  idleTimer: NodeJS.Timeout | null
}

const longestIdleMs = 60_000

// A connection is given back to the server after a while, so that a fail-over is noticed.
const longestLifeMs = 30 * 60_000

/** A server that ends a connection says so first, and closes it a moment later. */
const isStillOpenAfter = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && error.severity === 'ERROR'

/** As much of the driver's pool as Kysely uses. */
export class Pool implements PostgresJSSql {
  readonly options = {}
  readonly #url: string
  readonly #settings: PoolOptions
  readonly #members = new Set<Member>()
  readonly #idle: Member[] = []
  readonly #waiting: PromiseWithResolvers<Member>[] = []
  #types: Promise<DriverOptions> | null = null
  #hasEnded = false

  constructor(url: string, settings: PoolOptions) {
    this.#url = url
    this.#settings = settings
  }

  /** A connection for whoever asks, alone; opened by its first statement, which fails if it cannot be. */
  async reserve(): Promise<PostgresJSReservedSql> {
    const member = await this.#take()
    return {
      // A statement on a closed connection would go to a new one, outside of the transaction that it belongs to.
      unsafe: (...statement) => {
        if (member.isClosed) throw new Error('the connection to PostgreSQL was closed')
        const query = member.sql.unsafe(...statement)
        // Before whoever asked hears of it, and gives the connection back for the next one to use.
        query.catch((error: unknown) => {
          if (!isStillOpenAfter(error)) void this.#discard(member, { timeout: 0 })
        })
        return query as ReturnType<PostgresJSReservedSql['unsafe']>
      },
      release: () => this.#giveBack(member),
    }
  }

  /** @param options.timeout seconds for statements under way. */
  async end(options: { timeout?: number } = {}): Promise<void> {
    this.#hasEnded = true
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the pool has been closed'))
    await Promise.all([...this.#members].map((member) => this.#discard(member, options)))
  }

  async #take(): Promise<Member> {
    const types = await this.#readTypes()
    if (this.#hasEnded) throw new Error('the pool has been closed')
    const idle = this.#idle.pop()
    if (idle !== undefined) {
      if (idle.idleTimer !== null) clearTimeout(idle.idleTimer)
      return idle
    }
    if (this.#members.size < this.#settings.connections) return this.#open(types)
    const turn = Promise.withResolvers<Member>()
    this.#waiting.push(turn)
    return turn.promise
  }

  #open(types: DriverOptions): Member {
    const onclose = (): void => void this.#discard(member, { timeout: 0 })
    const options: DriverOptions = { ...types, fetch_types: false, onclose, socket: oneSocket(onclose) }
    const sql = postgres(options)
    const member: Member = { sql, isClosed: false, openedAt: Date.now(), idleTimer: null }
    this.#members.add(member)
    return member
  }

  #giveBack(member: Member): void {
    if (member.isClosed) return
    if (Date.now() - member.openedAt > longestLifeMs) return void this.#discard(member)
    const next = this.#waiting.shift()
    if (next !== undefined) return next.resolve(member)
    member.idleTimer = setTimeout(() => void this.#discard(member), longestIdleMs).unref()
    this.#idle.push(member)
  }

  async #discard(member: Member, options: { timeout?: number } = {}): Promise<void> {
    if (!member.isClosed) {
      member.isClosed = true
      this.#members.delete(member)
      const at = this.#idle.indexOf(member)
      if (at !== -1) this.#idle.splice(at, 1)
      this.#letNextIn()
    }
    await member.sql.end(options)
  }

  /** There is room for a new connection. */
  #letNextIn(): void {
    const next = this.#waiting.shift()
    if (next !== undefined) this.#take().then(next.resolve, next.reject)
  }

  /**
   * The driver asks the server for its array types once for each connection, and an end of the connection in that
   * moment is thrown where nobody can catch it, too: one asks, and the others are given its answer.
   */
  #readTypes(): Promise<DriverOptions> {
    this.#types ??= this.#fetchTypes().catch((error: unknown) => {
      // The next one tries anew.
      this.#types = null
      throw error
    })
    return this.#types
  }

  async #fetchTypes(): Promise<DriverOptions> {
    const options: DriverOptions = {
      max: 1,
      // Whether it stands idle or has become old, we decide: the driver would not ask whether a transaction is open.
      idle_timeout: undefined,
      max_lifetime: null,
      connect_timeout: 10,
      connection: { application_name: this.#settings.name },
      onnotice: () => {},
      socket: oneSocket(() => {}),
    }
    const first = postgres(this.#url, options)
    try {
      await first`select 1`
      // With what it has learnt: the driver takes its own options as they are.
      return first.options as unknown as DriverOptions
    } finally {
      await first.end({ timeout: 5 })
    }
  }
}
