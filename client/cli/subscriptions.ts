import type { Command } from 'commander'
import type { SubscribeOutcome } from '../../db/subscribe.ts'
import { Refusal } from '../../domain/refusal.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { userName } from './user-name.ts'

interface Flags extends ReadOptions {
  by: string
  legalBasis?: string
  explanation?: string
}

/** `contacts subscribe` and `contacts unsubscribe`. */
export function addSubscriptions(contacts: Command): void {
  const subscribing = contacts
    .command('subscribe')
    .description('Subscribes a contact. Who refused stays refused; with double opt-in they are asked by mail first.')
    .argument('<contact>', 'e-mail address, external id or id')
    .argument('<category>', 'key of the category')
    .option('--asked', 'the contact asked for it: with double opt-in, ask also one who refused before')
  withGround(subscribing).action(subscribe)
  const unsubscribing = contacts
    .command('unsubscribe')
    .description('Unsubscribes a contact, and everybody who has the same address, from a category or from more.')
    .argument('<contact>', 'e-mail address, external id or id')
    .argument('[category]', 'key of the category')
    .option('--resource <key>', 'from everything of this resource')
    .option('--everything', 'from everything')
  withGround(unsubscribing).action(unsubscribe)
}

const withGround = (command: Command): Command =>
  command
    .option('--by <name>', 'who says so; kept with the consent', userName())
    .option('--legal-basis <text>', 'why they may be mailed; kept with the consent')
    .option('--explanation <text>', 'in which words they said it; kept with the consent')
    .option('--json', 'print the outcome as JSON')

const groundOf = ({ by, legalBasis, explanation }: Flags) => ({
  by,
  through: 'operator' as const,
  ...(legalBasis !== undefined && { legalBasis }),
  ...(explanation !== undefined && { explanation }),
})

const told: Record<SubscribeOutcome, string> = {
  subscribed: 'subscribed',
  already: 'subscribed already; nothing was changed',
  pending: 'asked to confirm by mail; not subscribed until they do',
  refused: 'refused before, and that stands; nothing was changed',
}

const subscribe = (contact: string, category: string, flags: Flags & { asked?: boolean }): Promise<void> =>
  withAddressee(async ({ subscriptions }) => {
    const outcome = await subscriptions.subscribe(contact, category, {
      ...groundOf(flags),
      asked: flags.asked ?? false,
    })
    show({ contact, category, outcome }, flags, () => told[outcome])
  })

type UnsubscribeFlags = Flags & { resource?: string; everything?: boolean }

async function unsubscribe(contact: string, category: string | undefined, flags: UnsubscribeFlags): Promise<void> {
  const { resource, everything } = flags
  if ([category, resource, everything].filter((scope) => scope !== undefined).length !== 1)
    throw new Refusal({
      field: 'category',
      rule: 'exactly one of a category, --resource and --everything must be given',
      remedy: 'Say what the contact no longer wants.',
    })
  await withAddressee(async ({ subscriptions }) => {
    const ground = groundOf(flags)
    const changed =
      category === undefined
        ? await subscriptions.optOut(contact, { ...ground, ...(resource !== undefined && { resource }) })
        : await subscriptions.unsubscribe(contact, category, ground)
    if (!changed) notice('That was refused already; nothing was changed.')
    show({ contact, changed }, flags, () => (changed ? 'unsubscribed' : 'unsubscribed already'))
  })
}
