import { inject } from 'vitest'
import { createDatabase } from '../setup/database.ts'
import { createNamespace } from '../setup/namespace.ts'
import { createCommand } from './command.ts'

/**
 * A migrated database with the resource `acme` and its categories `news` and `offers`, made by the command itself.
 */
export async function createShop() {
  const { url, db } = await createDatabase()
  const namespace = await createNamespace(inject('temporalAddress'))
  const cli = createCommand({
    DATABASE_URL: url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace,
  })
  const resource = ['--key', 'acme', '--name', 'Acme', '--from-name', 'Acme', '--from-address', 'news@acme.example']
  await cli.json(['resources', 'create', ...resource, '--list-label', 'Acme News', '--list-id', 'news.acme.example'])
  for (const title of ['News', 'Offers']) await cli.json(['categories', 'create', title, '--resource', 'acme'])
  return { ...cli, db, namespace }
}
