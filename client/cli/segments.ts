import type { Command } from 'commander'
import { Refusal } from '../../domain/refusal.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'

interface CreateOptions extends ReadOptions {
  title?: string
}

export function addSegments(program: Command): void {
  const segments = program.command('segments').summary('named sets of contacts')
  segments
    .command('create')
    .description('Creates a static segment. A key that a static segment has is that segment.')
    .argument('<key>', 'what campaigns name it by')
    .option('--title <text>', 'what people read; the key when left out')
    .option('--json', 'print the segment as JSON')
    .action(create)
  segments
    .command('add')
    .description('Adds contacts to a static segment, never twice.')
    .argument('<key>', 'the segment')
    .argument('<contactId...>', 'ids of contacts')
    .option('--json', 'print the count as JSON')
    .action(add)
}

const create = (key: string, { json, title }: CreateOptions): Promise<void> =>
  withAddressee(async ({ segments }) => {
    const created = { key, ...(await segments.create({ key, ...(title !== undefined && { title }) })) }
    if (!created.created) notice(`Segment ${key} exists already; nothing was changed.`)
    show(created, { ...(json && { json }) }, (segment) => segment.key)
  })

async function add(key: string, contactIds: string[], options: ReadOptions): Promise<void> {
  const wrong = contactIds.find((id) => !/^\d{1,18}$/.test(id))
  if (wrong !== undefined)
    throw new Refusal({ field: 'contactId', rule: `${wrong} is no id of a contact`, remedy: 'Ids are whole numbers.' })
  await withAddressee(async ({ segments }) => {
    const added = await segments.add(key, contactIds)
    const rest = new Set(contactIds).size - added
    if (rest > 0) notice(`${rest} of the ids were in segment ${key} already, or no contact has them.`)
    show({ key, added }, options, () => `${added} added`)
  })
}
