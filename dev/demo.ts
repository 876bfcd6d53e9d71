import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Addressee } from '../client/addressee.ts'
import type { CampaignWithCounts } from '../client/campaigns.ts'
import { progressLine } from '../client/cli/campaign-watch.ts'
import type { Terminal } from '../client/cli/terminal.ts'
import { loadMessageFolder } from '../client/message-folder.ts'
import { Refusal } from '../domain/refusal.ts'
import { followCampaign, watchForStall } from './campaign-progress.ts'
import { ensureAcme } from './sample/acme.ts'
import { ensureSample } from './sample/ensure-sample.ts'

/** A campaign from a file of contacts to its end, through the client alone: what a program of the user's would do. */
export async function runDemo({
  env,
  dataDir,
  terminal,
  signal,
}: {
  env: NodeJS.ProcessEnv
  dataDir: string
  terminal: Terminal
  /** Aborted: nothing more is shown. */
  signal: AbortSignal
}): Promise<{ campaign: CampaignWithCounts; seconds: number }> {
  const addressee = new Addressee({
    databaseUrl: env['DATABASE_URL'] ?? '',
    temporalAddress: env['TEMPORAL_ADDRESS'] ?? '',
    temporalNamespace: env['TEMPORAL_NAMESPACE'] ?? '',
  })
  try {
    await ensureAcme(addressee).catch(offerFresh)
    await importSample(addressee, dataDir, terminal)
    const key = await scheduleNewsletter(addressee)
    const watch = watchForStall(() =>
      terminal.say(`nothing has moved for a while; if something fails, ${join(dataDir, 'worker.log')} says what`),
    )
    return await followCampaign(addressee, key, (campaign, seconds) => {
      signal.throwIfAborted()
      terminal.progress(`campaign ${progressLine(campaign, seconds)}`)
      watch(campaign)
    })
  } finally {
    await addressee.close()
  }
}

/** Somebody may have deleted or renamed what an earlier run made. */
function offerFresh(error: unknown): never {
  if (!(error instanceof Refusal)) throw error
  const remedy = 'Begin anew, without what earlier runs kept: npm start -- --fresh'
  throw new Refusal({ ...error.details, remedy })
}

async function importSample(addressee: Addressee, dataDir: string, { say, progress }: Terminal): Promise<void> {
  const report = await addressee.contacts.import(await ensureSample(join(dataDir, 'sample')), {
    source: 'sample',
    legalBasis: 'consent',
    explanation: 'Subscribed in the shop',
    errorFile: join(dataDir, 'rejected-rows.csv'),
    onProgress: ({ rows }) => progress(`importing contacts: ${rows} rows`),
  })
  const { rows, created, updated, unchanged, repeated, rejected } = report
  say(
    `imported ${rows} rows: ${created} contacts created, ${updated} updated, ${unchanged} unchanged; ` +
      `${repeated} rows repeated a contact, ${rejected} were rejected`,
  )
  if (report.errorFile !== null) say(`each rejected row, with its reason: ${report.errorFile}`)
}

/** @returns the key: a new one at every start, because one key is one campaign for ever. */
async function scheduleNewsletter(addressee: Addressee): Promise<string> {
  const earlier = await addressee.campaigns.list()
  const numbers = earlier.map(({ key }) => Number(/^newsletter-(\d+)$/.exec(key)?.[1] ?? 0))
  const key = `newsletter-${Math.max(0, ...numbers) + 1}`
  await addressee.campaigns.schedule({
    key,
    resource: 'acme',
    title: 'The newsletter',
    categories: ['news', 'offers'],
    content: await loadMessageFolder(fileURLToPath(new URL('sample/newsletter', import.meta.url))),
    defaultLanguage: 'en',
    now: true,
  })
  return key
}
