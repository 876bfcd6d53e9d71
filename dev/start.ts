import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTerminal } from '../client/cli/terminal.ts'
import { Refusal, Unavailable } from '../domain/refusal.ts'
import { runDemo } from './demo.ts'
import { killLeftovers } from './leftovers.ts'
import { findLinks, linkLines } from './links.ts'
import { accountedFor, reportOf, reportTable } from './report.ts'
import { startServices } from './services.ts'
import { type Stack, startStack } from './stack.ts'
import { parseStartArguments, type StartArguments, UsageError, usage } from './start-arguments.ts'

// What people read goes to stderr; stdout holds nothing but the report that --once prints.

const project = fileURLToPath(new URL('..', import.meta.url))
const dataDir = join(project, '.addressee')
const terminal = createTerminal(process.stderr)

/** Why it ends early: a person said so. */
class Stopped extends Error {}

async function main(): Promise<number> {
  const options = parseStartArguments(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(usage)
    return 0
  }
  const settings = join(project, '.env')
  if (existsSync(settings)) process.loadEnvFile(settings)
  return await run(options, stopSignal())
}

async function run({ fresh, once }: StartArguments, signal: AbortSignal): Promise<number> {
  await using running = new AsyncDisposableStack()
  // So that webhooks can be tried with a receiver on this machine.
  const env = { ADDRESSEE_PRIVATE_WEBHOOKS: 'allow', ...process.env }
  const stack = await startStack({ dataDir, fresh, say: terminal.say, env, signal })
  running.defer(() => terminal.say('stopped'))
  running.defer(stack.stop)
  running.defer(() => terminal.say('stopping …'))
  const services = await startServices(stack.env, dataDir, signal)
  running.defer(services.stop)
  const early = earlyEnd(signal, [stack.unexpectedEnd, services.unexpectedEnd])
  terminal.say(`HTTP edge      ${stack.env['ADDRESSEE_PUBLIC_URL']}`)
  const { campaign, seconds } = await Promise.race([runDemo({ env: stack.env, dataDir, terminal, signal }), early])
  const report = reportOf(campaign, seconds, await findLinks(stack))
  terminal.say(`\ncampaign ${campaign.key}: ${campaign.state}\n${reportTable(report)}\n`)
  if (campaign.pauseReason !== null) terminal.say(`It is paused: ${campaign.pauseReason}`)
  terminal.say(`${linkLines(report).join('\n')}\n  ${'logs'.padEnd(18)}${dataDir}`)
  if (!once) return await stayUp(stack, early)
  process.stdout.write(`${JSON.stringify(report)}\n`)
  return accountedFor(campaign) ? 0 : 1
}

async function stayUp({ env }: Stack, early: Promise<never>): Promise<number> {
  const settings = ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'ADDRESSEE_PRIVATE_WEBHOOKS'].map(
    (name) => `${name}='${env[name]}'`,
  )
  terminal.say('\nEverything stays up until Ctrl-C. To begin anew: npm start -- --fresh')
  terminal.say(`For commands in another terminal (npm run -s addressee -- help):\n  export ${settings.join(' ')}`)
  try {
    return await early
  } catch (error) {
    if (error instanceof Stopped) return 0
    throw error
  }
}

/** The first signal ends everything in order; the second at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const onSignal = () => {
    if (stop.signal.aborted) {
      killLeftovers(dataDir)
      process.exit(130)
    }
    stop.abort(new Stopped('stopped before the campaign was over'))
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return stop.signal
}

/** Rejects when a person says stop, or when a process ends that should not. */
function earlyEnd(signal: AbortSignal, ends: Promise<Error>[]): Promise<never> {
  const early = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
    if (signal.aborted) reject(signal.reason as Error)
    void Promise.race(ends).then(reject)
  })
  // It may happen while nobody waits for it.
  early.catch(() => {})
  return early
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return 64
  if (error instanceof Unavailable) return 69
  return error instanceof Stopped ? 130 : 1
}

function describe(error: unknown): string {
  const ours = [Refusal, Unavailable, UsageError, Stopped].some((kind) => error instanceof kind)
  if (!(error instanceof Error)) return String(error)
  return ours ? error.message : `npm start failed. ${error.message}`
}

try {
  process.exitCode = await main()
} catch (error) {
  terminal.say(describe(error))
  process.exitCode = exitCodeOf(error)
}
// What a call that was given up still holds open must not keep us.
process.exit()
