import type { Command } from 'commander'
import type { Addressee } from '../addressee.ts'
import type { Contact } from '../contact-record.ts'
import type { OptOut } from '../opt-outs.ts'
import type { Subscription } from '../subscriptions.ts'
import { showInstant } from './instant.ts'
import { optOutTable } from './opt-outs.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { contactArgument, subscriptionTable } from './subscriptions.ts'
import { details, table } from './table.ts'

interface Profile extends Contact {
  subscriptions: Subscription[]
  optOuts: OptOut[]
}

export function addContactShow(contacts: Command): void {
  contacts
    .command('show')
    .description('One contact: who they are, where they are reached, what they agreed to and refused.')
    .argument('<contact>', `${contactArgument}; of several that have the address, the earliest`)
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  $ addressee contacts show ada@example.com\n')
    .action((name: string, options: ReadOptions) =>
      withAddressee(async (addressee) => show(await profileOf(addressee, name), options, text)),
    )
}

async function profileOf({ contacts, subscriptions, optOuts }: Addressee, name: string): Promise<Profile> {
  const contact = await contacts.get({ name })
  const ref = { contactId: contact.id }
  return {
    ...contact,
    subscriptions: await subscriptions.list(ref),
    optOuts: await optOuts.list({ contact: ref, limit: 1000 }),
  }
}

const text = (profile: Profile): string =>
  [
    details([...fieldsOf(profile), ...attributesOf(profile)]),
    table(
      ['channel', 'address', 'status'],
      profile.addresses.map(({ channel, value, status }) => [channel, value, status]),
    ),
    subscriptionTable(profile.subscriptions),
    ...(profile.optOuts.length === 0 ? [] : [optOutTable(profile.optOuts)]),
  ].join('\n\n')

const fieldsOf = (contact: Contact): [string, string | null][] => [
  ['contact', contact.id],
  ['external id', contact.externalId],
  ['first name', contact.firstName],
  ['last name', contact.lastName],
  ['language', contact.language],
  ['time zone', contact.timeZone],
  ['created', showInstant(contact.createdAt)],
  ['changed', showInstant(contact.updatedAt)],
  ...(contact.deletedAt === null ? [] : [['deleted', showInstant(contact.deletedAt)] as [string, string]]),
]

const attributesOf = ({ attributes }: Contact): [string, string][] =>
  Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
