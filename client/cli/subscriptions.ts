import type { Command } from 'commander'
import { Refusal } from '../../domain/refusal.ts'
import type { Subscription } from '../subscriptions.ts'
import { showInstant } from './instant.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'
import { userName } from './user-name.ts'

export interface GroundOptions {
  by: string
  legalBasis?: string
  explanation?: string
}

/** Who changes it and why: the history of consent keeps it. */
export const withGround = (command: Command): Command =>
  command
    .option('--legal-basis <basis>', 'such as CONSENT_WITH_NOTICE')
    .option('--explanation <text>', 'how it came about')
    .option('--by <name>', 'who', userName())

export const contactArgument = 'e-mail address, external id or id'

export function addSubscriptions(program: Command): void {
  const subscriptions = program.command('subscriptions').summary('what contacts agree to and refuse')
  subscriptions
    .command('list')
    .description("A contact's consent to every category, and what decided it.")
    .argument('<contact>', contactArgument)
    .option('--json', 'print as JSON')
    .action(list)
  withGround(
    subscriptions
      .command('subscribe')
      .description(
        'Subscribes a contact. Who has refused is refused; with double opt-in the contact is asked by mail first.',
      )
      .argument('<contact>', contactArgument)
      .argument('<category>', 'key or id')
      .option('--asked', 'they ask for it now: where there is double opt-in, ask also one who has refused'),
  ).action(subscribe)
  withGround(
    subscriptions
      .command('unsubscribe')
      .description('Unsubscribes a contact, and every other that has one of its addresses.')
      .argument('<contact>', contactArgument)
      .argument('<category>', 'key or id'),
  ).action(unsubscribe)
}

const list = (name: string, options: ReadOptions): Promise<void> =>
  withAddressee(async ({ subscriptions }) => show(await subscriptions.list({ name }), options, subscriptionTable))

const subscribe = (name: string, category: string, ground: GroundOptions & { asked?: boolean }): Promise<void> =>
  withAddressee(async ({ subscriptions }) => {
    const outcome = await subscriptions.subscribe({ name }, category, { ...ground, through: 'operator' })
    if (outcome === 'refused')
      throw new Refusal({
        field: 'contact',
        rule: 'has refused, which stands',
        remedy: 'Only they themselves can take that back.',
      })
    notice(outcomes[outcome])
  })

const outcomes = {
  subscribed: 'Subscribed.',
  already: 'Subscribed already; nothing was changed.',
  pending: 'Asked to confirm by mail; not subscribed until they do.',
}

const unsubscribe = (name: string, category: string, ground: GroundOptions): Promise<void> =>
  withAddressee(async ({ subscriptions }) => {
    const changed = await subscriptions.unsubscribe({ name }, category, { ...ground, through: 'operator' })
    notice(changed ? 'Unsubscribed.' : 'Unsubscribed already; nothing was changed.')
  })

export const subscriptionTable = (subscriptions: Subscription[]): string =>
  table(
    ['category', 'resource', 'status', 'decided by', 'legal basis', 'explanation', 'since'],
    subscriptions.map(({ category, resource, status, source, legalBasis, explanation, changedAt }) => [
      category,
      resource,
      status,
      source === 'category' ? source : `opt-out (${source})`,
      legalBasis,
      explanation,
      changedAt && showInstant(changedAt),
    ]),
  )
