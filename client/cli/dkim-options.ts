import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { Refusal } from '../../domain/refusal.ts'
import type { DkimSettings } from '../../domain/sender-rules.ts'

export interface DkimOptions {
  dkimDomain?: string
  dkimSelector?: string
  dkimKeyFile?: string
}

export const withDkim = (command: Command): Command =>
  command
    .option('--dkim-domain <domain>', 'signs the mail, together with the two below')
    .option('--dkim-selector <name>', 'where receivers find the public key')
    .option('--dkim-key-file <file>', 'the private key, PEM: RSA of 2048 bits, or Ed25519')

/** All three or none: two thirds of a signature would be none, unnoticed. */
export async function readDkim(options: DkimOptions): Promise<DkimSettings | undefined> {
  const { dkimDomain: domain, dkimSelector: selector, dkimKeyFile: keyFile } = options
  if (domain === undefined && selector === undefined && keyFile === undefined) return undefined
  if (domain !== undefined && selector !== undefined && keyFile !== undefined)
    return { domain, selector, privateKey: await readKey(keyFile) }
  throw new Refusal({
    field: 'dkim',
    rule: 'needs --dkim-domain, --dkim-selector and --dkim-key-file together',
    remedy: 'Give all three, or none to let the mail server sign.',
  })
}

const readKey = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refusal({
      field: path,
      rule: `cannot be read (${error.code})`,
      remedy: 'Name the file of the private key.',
    })
  })
