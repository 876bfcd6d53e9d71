import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { ChainBreak } from '../../db/check-consent.ts'
import { type ConsentVerification, verifyConsentDocument } from '../../domain/consent-document.ts'
import { consentKey, readPublicKey } from '../../domain/consent-key.ts'
import { Refusal } from '../../domain/refusal.ts'
import { parseStrictJson } from '../../domain/strict-json.ts'
import { type WordingText, wordingText } from '../../domain/wording/texts.ts'
import { signingSecret } from './contact-consent.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'
import { createTerminal } from './terminal.ts'

interface VerifyOptions extends ReadOptions {
  key?: string
}

const footer = `
Examples:
  $ addressee consent key > addressee-key.pem
  $ addressee consent verify ada-consent.json --key addressee-key.pem
`

export function addConsent(program: Command): void {
  const consent = program.command('consent').summary('the history of consent as proof')
  consent
    .command('key')
    .description('The public key that consent documents are verified by, and its fingerprint. Publish it.')
    .option('--json', 'print as JSON')
    .action((options: ReadOptions) =>
      show(consentKey(signingSecret()).publicKey, options, ({ pem, fingerprint }) => `${fingerprint}\n${pem.trim()}`),
    )
  consent
    .command('verify')
    .description('Checks an exported history: neither database nor secret is needed. Exit code 1 when it is damaged.')
    .argument('<file>', 'what "addressee contacts consent --export" wrote')
    .option('--key <key>', "the installation's public key: a PEM file, or its fingerprint")
    .option('--json', 'print as JSON')
    .addHelpText('after', footer)
    .action(verify)
  consent
    .command('wording')
    .description('The words on the pages that an event of consent names by their version.')
    .argument('<version>', 'such as unsubscribe-en-1')
    .option('--json', 'print as JSON')
    .action((version: string, options: ReadOptions) => show(wordingText(version), options, wordingLines))
  consent
    .command('check')
    .description('Walks the chains of all contacts in the database. Exit code 1 when one is broken.')
    .option('--json', 'print as JSON')
    .action(check)
}

const wordingLines = ({ pages }: WordingText): string =>
  pages.map(({ page, lines }) => [`${page}:`, ...lines.map((line) => `  ${line}`)].join('\n')).join('\n\n')

async function verify(file: string, { key, ...options }: VerifyOptions): Promise<void> {
  const document = parsed(file, await read(file))
  const verification = verifyConsentDocument(document, key === undefined ? undefined : await keyNamed(key))
  show(verification, options, sentences)
  if (verification.ok) return
  throw new Refusal({
    field: file,
    rule: 'is damaged, or is not what it claims to be',
    remedy: 'Ask for it anew where it came from.',
  })
}

const sentences = ({ damage, proved, notProved }: ConsentVerification): string =>
  damage ?? ['Proved:', ...proved.map(item), 'Not proved:', ...notProved.map(item)].join('\n')

const item = (sentence: string): string => `- ${sentence}`

/** A fingerprint as it is, a key from its file. */
async function keyNamed(key: string): Promise<string> {
  if (/^sha256:[0-9a-f]{64}$/i.test(key)) return key
  const pem = await read(key)
  if (readPublicKey(pem) !== null) return pem
  throw new Refusal({
    field: '--key',
    rule: 'is neither a fingerprint nor the file of an Ed25519 public key',
    remedy: 'Give what "addressee consent key" printed.',
  })
}

const read = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refusal({ field: file, rule: `cannot be read (${error.code})`, remedy: 'Name a file that is there.' })
  })

function parsed(file: string, text: string): unknown {
  const read = parseStrictJson(text)
  if (read.ok) return read.value
  throw new Refusal({ field: file, rule: read.what, remedy: 'Name a file that --export wrote, unchanged.' })
}

const check = (options: ReadOptions): Promise<void> =>
  withAddressee(async ({ consent }) => {
    const { progress, say } = createTerminal(process.stderr)
    const checked = await consent.check(({ contacts, events }) =>
      progress(`checked ${events} events of ${contacts} contacts`),
    )
    say(`checked ${checked.events} events of ${checked.contacts} contacts`)
    const { breaks } = checked
    show(checked, options, () => (breaks.length === 0 ? 'Every chain is whole.' : breakTable(breaks)))
    if (breaks.length > 0)
      throw new Refusal({
        field: 'consent',
        rule: `the chains of ${breaks.length} contacts are broken: rows were changed behind the triggers`,
        remedy: 'Compare with a backup and with exported histories; docs/consent.md says how.',
      })
  })

const breakTable = (breaks: readonly ChainBreak[]): string =>
  table(
    ['contact', 'event', 'what is wrong'],
    breaks.map(({ contactId, number, what }) => [contactId, String(number), damages[what]]),
  )

const damages = {
  number: 'a number is missing, or there twice',
  previous: 'it does not continue the event before',
  hash: 'its fields are not those that were hashed',
  end: 'the chain does not end where it was recorded to end',
} as const
