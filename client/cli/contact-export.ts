import type { Command } from 'commander'
import { print } from './output.ts'
import { withAddressee } from './session.ts'

export function addContactExport(contacts: Command): void {
  contacts
    .command('export')
    .description('Everything that is held about a person, as JSON: one element for each contact of that name.')
    .argument('<contact>', 'e-mail address, external id or id; an erased one too')
    .addHelpText('after', '\nExample:\n  $ addressee contacts export ada@example.com > ada.json\n')
    .action((contact: string) =>
      withAddressee(async ({ contacts }) => print(JSON.stringify(await contacts.export(contact), null, 2))),
    )
}
