import { expect } from 'vitest'
import type { CampaignWithCounts } from '../../client/campaigns.ts'
import type { RecipientRow } from '../../db/ledger.ts'
import type { Command } from '../cli/command.ts'
import { eventually } from './eventually.ts'
import type { FaultSink } from './fault-sink.ts'
import type { Installation } from './installation.ts'
import { compare, type Verdict } from './ledger-and-sink.ts'
import { type SumWatch, watchSums } from './sum-watch.ts'

/** A campaign that something happens to, watched from its beginning. */
export class FaultCampaign {
  readonly key: string
  readonly size: number
  readonly #installation: Installation
  readonly #sink: FaultSink
  readonly #command: Command
  readonly #sums: SumWatch
  readonly #startedAt = Date.now()

  constructor(installation: Installation, sink: FaultSink, command: Command, key: string, size: number) {
    this.#installation = installation
    this.#sink = sink
    this.#command = command
    this.key = key
    this.size = size
    this.#sums = watchSums(installation, key)
  }

  now(): Promise<CampaignWithCounts> {
    return this.#installation.addressee.campaigns.get(this.key)
  }

  /** Waits until the mail server has taken so many messages more. */
  async sends(more: number, withinMs = 60_000): Promise<void> {
    const before = this.#sink.accepted().length
    await eventually(() => expect(this.#sink.accepted().length).toBeGreaterThanOrEqual(before + more), withinMs)
  }

  /** With everything that belongs to it: the rest of a cancelled campaign is skipped a moment later. */
  async reaches(state: 'paused' | 'finished' | 'cancelled', withinMs = 300_000): Promise<CampaignWithCounts> {
    return eventually(async () => {
      const campaign = await this.now()
      const isOver = campaign.finishedAt !== null
      expect({ state: campaign.state, isOver }).toEqual({ state, isOver: state !== 'paused' })
      return campaign
    }, withinMs)
  }

  ledger(): Promise<RecipientRow[]> {
    return this.#installation.addressee.campaigns.recipients(this.key, { limit: this.size })
  }

  /**
   * The ledger's word for each recipient against the mail server's, and every sum over the fates that was ever seen.
   * Written to the output too: `npm run faults` is a record.
   */
  async verdict(): Promise<Verdict> {
    const wrongSums = await this.#sums.stop()
    const verdict = { ...compare(await this.ledger(), this.#sink.accepted()), wrongSums }
    const { counts } = await this.now()
    const seconds = ((Date.now() - this.#startedAt) / 1000).toFixed(0)
    const line = { size: this.size, ...verdict, ...counts, looks: this.#sums.looks(), seconds }
    process.stdout.write(`${expect.getState().currentTestName}: ${JSON.stringify(line)}\n`)
    return verdict
  }

  /**
   * What an operator does about `unknown`, with the command alone: lists them, looks each up in the mail server's
   * log, settles as sent those that it took and has the others sent. Waits for the end.
   * @returns how many there were.
   */
  async settleUnknown(): Promise<number> {
    const list = ['campaigns', 'recipients', this.key, '--state', 'unknown', '--limit', `${this.size}`]
    const unknown = await this.#command.json<RecipientRow[]>(list)
    if (unknown.length === 0) return 0
    const took = new Set(this.#sink.accepted().map((message) => message.to))
    const taken = unknown.filter(({ address }) => took.has(address)).map(({ seq }) => `${seq}`)
    const settle = (...args: string[]) => this.#command.json(['campaigns', 'settle', this.key, '--as', ...args])
    if (taken.length > 0) await settle('sent', '--seq', ...taken)
    if (taken.length < unknown.length) await settle('resend')
    await this.reaches('finished')
    return unknown.length
  }
}
