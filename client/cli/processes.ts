import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Environment } from '../../domain/settings.ts'
import { isInstalled, refuseMissingServers } from './embedded-servers.ts'
import { Interrupted } from './exit.ts'
import { notice } from './output.ts'

// The only file of the client that starts the daemon's processes, each loaded when it is asked for: their native
// parts are heavy, and a published package has no embedded servers at all.

export function addProcesses(program: Command): void {
  program
    .command('up')
    .summary('run everything on this machine until Ctrl-C')
    .description(
      'Starts PostgreSQL, Temporal and a mail catcher, except those that DATABASE_URL, TEMPORAL_ADDRESS and SMTP_URL ' +
        'name, then the worker and the HTTP edge. Data is kept in .addressee/ of the working directory.',
    )
    .action(up)
  program
    .command('worker')
    .summary('carry out campaigns, delayed unsubscribes and webhooks until SIGTERM')
    .description(
      'Needs DATABASE_URL, SMTP_URL, ADDRESSEE_PUBLIC_URL and ADDRESSEE_SECRET; TEMPORAL_ADDRESS is localhost:7233 ' +
        'unless set. Any number of workers may run. SIGTERM lets it finish or give back what it claimed.',
    )
    .action(worker)
  program
    .command('http')
    .summary('answer recipients, and systems with an API key, until SIGTERM')
    .description(
      'Needs DATABASE_URL and ADDRESSEE_SECRET; listens on ADDRESSEE_HTTP_ADDRESS. Temporal (TEMPORAL_ADDRESS) may be ' +
        'away: unsubscribing works without it. Behind a balancer set ADDRESSEE_TRUSTED_PROXIES.',
    )
    .action(http)
}

async function worker(): Promise<void> {
  const { restartWithSmallHeap } = await import('../../worker/heap.ts')
  restartWithSmallHeap()
  const { parseWorkerConfig } = await import('../../worker/config.ts')
  const config = parseWorkerConfig(process.env)
  const { runWorker } = await import('../../worker/main.ts')
  await runWorker(config)
}

async function http(): Promise<void> {
  const { parseHttpConfig } = await import('../../http/config.ts')
  const config = parseHttpConfig(process.env)
  const { runHttp } = await import('../../http/main.ts')
  await runHttp(config)
}

async function up(): Promise<void> {
  refuseMissingServers(process.env, isInstalled)
  const [{ startStack }, { startServices }, { killLeftovers }] = await Promise.all([
    import('../../dev/stack.ts'),
    import('../../dev/services.ts'),
    import('../../dev/leftovers.ts'),
  ])
  const dataDir = resolve('.addressee')
  const signal = stopSignal(() => killLeftovers(dataDir))
  const stack = await startStack({ dataDir, fresh: false, say: notice, signal })
  try {
    const services = await startServices(stack.env, dataDir, signal)
    try {
      sayLinks(stack.env, stack.links)
      await untilStopped(signal, [stack.unexpectedEnd, services.unexpectedEnd])
    } finally {
      notice('stopping …')
      await services.stop()
    }
  } finally {
    await stack.stop()
    notice('stopped')
  }
}

/** The first signal stops everything in order; the second at once. */
function stopSignal(killAll: () => void): AbortSignal {
  const stop = new AbortController()
  const onSignal = () => {
    if (!stop.signal.aborted) return stop.abort(new Interrupted('stopped before it was up'))
    killAll()
    process.exit(130)
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return stop.signal
}

interface Links {
  temporalUi: string | null
  inbox: string | null
}

function sayLinks(env: Environment, { temporalUi, inbox }: Links): void {
  const settings = ['DATABASE_URL', 'TEMPORAL_ADDRESS'].map((name) => `${name}='${env[name]}'`)
  notice(`HTTP edge      ${env['ADDRESSEE_PUBLIC_URL']}`)
  if (temporalUi !== null) notice(`Temporal UI    ${temporalUi}`)
  if (inbox !== null) notice(`inbox          ${inbox}`)
  notice(`\nEverything is up until Ctrl-C. In another terminal:\n  export ${settings.join(' ')}`)
}

/** Returns when a person says stop; throws when a process ends that should not. */
async function untilStopped(signal: AbortSignal, ends: Promise<Error>[]): Promise<void> {
  const stopped = new Promise<null>((done) => {
    if (signal.aborted) done(null)
    signal.addEventListener('abort', () => done(null))
  })
  const failure = await Promise.race([stopped, ...ends])
  if (failure !== null) throw failure
}
