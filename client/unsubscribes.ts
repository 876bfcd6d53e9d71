import type { Connection } from '../db/connect.ts'
import { contactsNamed } from '../db/name-contact.ts'
import { listPendingUnsubscribes, type PendingUnsubscribe, unsubscribeState } from '../db/pending-unsubscribe.ts'
import { cancelUnsubscribe, confirmUnsubscribe } from '../db/settle-unsubscribe.ts'
import { Refusal } from '../domain/refusal.ts'
import type { LazyTemporal } from './temporal.ts'
import { tellUnsubscribe } from './unsubscribe-workflow.ts'

/** How a delayed unsubscribe stands after a command. */
export interface Decision {
  id: string
  state: 'confirmed' | 'cancelled'
  /** Whether this very command decided it. */
  changed: boolean
}

/** Who decides, for the history of consent. */
export interface Deciding {
  by: string
  /** `operator` by default. */
  through?: 'api' | 'operator'
}

const longestList = 1000

/** Delayed unsubscribes that run: who is about to leave what, and when. */
export class Unsubscribes {
  readonly #database: Connection
  readonly #temporal: LazyTemporal

  constructor(database: Connection, temporal: LazyTemporal) {
    this.#database = database
    this.#temporal = temporal
  }

  /**
   * Those that run, the next due first, at most a thousand.
   * @param options.contact e-mail address, external id or id; by default everybody.
   * @throws {Refusal} when nobody is named so.
   */
  async list(options: { contact?: string } = {}): Promise<PendingUnsubscribe[]> {
    const { contact } = options
    const contactIds = contact === undefined ? null : await contactsNamed(this.#database.db, contact)
    if (contactIds?.length === 0)
      throw new Refusal({
        field: 'contact',
        rule: `nobody is known as ${contact}`,
        remedy: 'Give an e-mail address, an external id or an id.',
      })
    return listPendingUnsubscribes(this.#database.db, { contactIds, limit: longestList })
  }

  /** Unsubscribes now. @throws {Refusal} when there is none of that id. */
  async confirm(id: string, { by, through = 'operator' }: Deciding): Promise<Decision> {
    const act = { through, actor: by, wording: null, ip: null, userAgent: null }
    return this.#decide(id, 'confirm', by, () => confirmUnsubscribe(this.#database.db, id, act))
  }

  /** Leaves the subscription as it is. @throws {Refusal} when there is none of that id. */
  async cancel(id: string, { by, through = 'operator' }: Deciding): Promise<Decision> {
    return this.#decide(id, 'cancel', by, () => cancelUnsubscribe(this.#database.db, id, through))
  }

  async #decide(id: string, wish: 'confirm' | 'cancel', by: string, work: () => Promise<boolean>): Promise<Decision> {
    refuseBadInput(id, by)
    const changed = await work()
    const found = await unsubscribeState(this.#database.db, id)
    if (found === undefined || found.state === 'pending') throw unknownUnsubscribe(id)
    // It learns what was decided also from the row, when its time is over.
    if (changed)
      await this.#temporal
        .get()
        .then((client) => tellUnsubscribe(client, id, wish, by))
        .catch(() => {})
    return { id, state: found.state, changed }
  }
}

function refuseBadInput(id: string, by: string): void {
  if (!/^\d{1,18}$/.test(id)) throw unknownUnsubscribe(id)
  if (by.trim() === '')
    throw new Refusal({ field: 'by', rule: 'must name who gives the command', remedy: 'Give a name.' })
}

const unknownUnsubscribe = (id: string): Refusal =>
  new Refusal({
    field: 'id',
    rule: `there is no delayed unsubscribe ${id}`,
    remedy: 'addressee unsubscribes list shows those that run.',
  })
