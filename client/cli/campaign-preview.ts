import type { Command } from 'commander'
import type { CampaignDefinition } from '../../domain/campaign-definition.ts'
import { loadMessageFolder } from '../message-folder.ts'
import { addDefinitionOptions, type DefinitionOptions, definitionOf } from './campaign-definition.ts'
import { funnelTable } from './campaign-report.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'

interface PreviewOptions extends DefinitionOptions, ReadOptions {}

const footer = `
Examples:
  $ addressee campaigns preview spring
  $ addressee campaigns preview --resource acme --category news --exclude-segment staff
`

export function addPreview(campaigns: Command): void {
  const command = campaigns
    .command('preview')
    .description('The funnel as it would come out now, of a campaign or of the options of one. Nothing is recorded.')
    .argument('[campaign]', 'key or id')
  addDefinitionOptions(command, { required: false })
    .option('--json', 'print as JSON')
    .addHelpText('after', footer)
    .action(preview)
}

async function preview(campaign: string | undefined, options: PreviewOptions, command: Command): Promise<void> {
  if ((campaign === undefined) === (options.resource === undefined))
    command.error('error: give either the key of a campaign, or --resource and what else makes one')
  const previewed = campaign ?? (await sketchOf(options))
  await withAddressee(async ({ campaigns }) =>
    show(await campaigns.preview(previewed), options, ({ funnel }) => funnelTable(funnel)),
  )
}

/** Who is meant depends neither on key nor message nor hour: what is missing of them is filled in. */
async function sketchOf(options: PreviewOptions): Promise<CampaignDefinition> {
  const { key = 'preview', message, sendAt, defaultLanguage = 'en' } = options
  const unwritten = { [defaultLanguage]: { subject: '-', text: '-' } }
  const content = message === undefined ? unwritten : await loadMessageFolder(message)
  return definitionOf({ ...options, key, ...(sendAt === undefined && { now: true }) }, content)
}
