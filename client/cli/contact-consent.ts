import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { type ShownEvent, verifyConsentDocument } from '../../domain/consent-document.ts'
import { Refusal } from '../../domain/refusal.ts'
import { parseSettings, settings } from '../../domain/settings.ts'
import type { ContactConsent } from '../contact-consent.ts'
import { consentTable } from './consent-table.ts'
import { notice, type ReadOptions, show, warn } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'

interface ConsentOptions extends ReadOptions {
  export?: string
}

const footer = `
An exported file is signed with a key that ADDRESSEE_SECRET makes; "addressee consent verify" checks it anywhere.

Examples:
  $ addressee contacts consent ada@example.com
  $ addressee contacts consent ada@example.com --export ada-consent.json
`

export function addContactConsent(contacts: Command): void {
  contacts
    .command('consent')
    .description('What a contact agreed to, refused and withdrew, and what it comes to now.')
    .argument('<contact>', 'e-mail address, external id or id; an erased one too')
    .option('--export <file>', 'write the history there, signed, instead')
    .option('--json', 'print as JSON')
    .addHelpText('after', footer)
    .action(consent)
}

async function consent(contact: string, options: ConsentOptions): Promise<void> {
  const { export: file } = options
  if (file !== undefined) return exportTo(file, contact, signingSecret())
  await withAddressee(async ({ contacts }) =>
    show(await contacts.consent(contact), options, (all) => all.map(report).join('\n\n')),
  )
}

/** @throws ConfigError when ADDRESSEE_SECRET is not set. */
export const signingSecret = (): string =>
  parseSettings(z.object({ ADDRESSEE_SECRET: settings.ADDRESSEE_SECRET }), process.env).ADDRESSEE_SECRET[0]

const exportTo = (file: string, contact: string, secret: string): Promise<void> =>
  withAddressee(async ({ contacts }) => {
    const document = await contacts.exportConsent(contact, secret)
    // Addresses of machines and programs of a person: for whoever asked for it alone.
    await writeFile(file, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 }).catch(refuseFile(file))
    const { events, signature } = document
    const { damage } = verifyConsentDocument(document)
    if (damage !== null) warn([`what was exported is damaged in the database already: ${damage}`])
    notice(`${file}: ${events.length} events, signed by the key ${signature.fingerprint}`)
  })

const refuseFile = (file: string) => (error: NodeJS.ErrnoException) => {
  throw new Refusal({
    field: file,
    rule: `cannot be written (${error.code})`,
    remedy: 'Name a file in a folder that exists and can be written to.',
  })
}

function report({ contactId, isErased, events, consents }: ContactConsent): string {
  const head = `contact ${contactId}${isErased ? ', erased' : ''}: ${events.length} events`
  return [head, eventTable(events), ...(consents.length === 0 ? [] : ['', consentTable(consents)])].join('\n')
}

const eventTable = (events: readonly ShownEvent[]): string =>
  table(
    ['#', 'when', 'what', 'of', 'through', 'who', 'legal basis', 'explanation', 'campaign', 'wording', 'IP'],
    events.map((event) => [
      event.number,
      event.at,
      event.action,
      scopeOf(event),
      event.through,
      event.actor,
      event.legalBasis,
      event.explanation,
      event.shown.campaign ?? event.campaignId,
      event.wording,
      event.ip,
    ]),
  )

/** Titles where they are known still, ids where they are not. */
function scopeOf({ action, categoryId, resourceId, channel, shown }: ShownEvent): string {
  const on = channel === null ? '' : ` (${channel})`
  if (action === 'erased') return `the address${on}`
  if (categoryId !== null) return `${shown.category ?? `category ${categoryId}`}${on}`
  if (resourceId !== null) return `everything of ${shown.resource ?? `resource ${resourceId}`}${on}`
  return `everything${on}`
}
