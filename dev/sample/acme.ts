import type { Addressee } from '../../client/addressee.ts'
import type { NewResource } from '../../domain/resource-settings.ts'

const resource = {
  name: 'Acme',
  description: 'Walks, tents and what one needs for both',
  fromName: 'Acme News',
  fromAddress: 'news@acme.example',
  replyTo: 'hello@acme.example',
  listLabel: 'Acme News',
  listId: 'news.acme.example',
  siteUrls: ['https://www.acme.example'],
  // Long enough to look around meanwhile, short enough to wait for the end.
  unsubscribeMode: 'delayed',
  unsubscribeTimerSeconds: 120,
  colour: '#0b6b4f',
} as const satisfies Omit<NewResource, 'key'>

const categories = [
  { key: 'news', title: 'News', description: 'What is new, once a month' },
  { key: 'offers', title: 'Offers', description: 'Discounts, now and then' },
  { key: 'events', title: 'Events', description: 'Where to meet us' },
  {
    key: 'account-notices',
    title: 'Account notices',
    description: 'Orders, invoices, and changes of our terms',
    consent: 'opt_out',
    isRequired: true,
  },
  { key: 'staff', title: 'Staff', description: 'For ourselves: shown to nobody outside', isInternal: true },
] as const

const city = { key: 'city', name: 'Your city', type: 'line', isListed: true } as const

/** The resource of the demo, as it is meant to be also where an earlier version made it. What else was set stays. */
export async function ensureAcme({ resources, categories: topics, fields }: Addressee): Promise<void> {
  const { created } = await resources.create({ key: 'acme', ...resource })
  if (!created) await resources.update('acme', resource)
  for (const { key, ...category } of categories) {
    const found = await topics.create({ resource: 'acme', key, ...category })
    if (!found.created) await topics.update(key, category)
  }
  await fields.define('acme', city)
}
