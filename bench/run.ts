import { command, flag, folder, oneOf, UsageError, wholeNumber } from './command.ts'
import { compose } from './compose.ts'
import { dispatch } from './dispatch.ts'
import { history } from './history.ts'
import { http } from './http/http.ts'
import { limits } from './limits.ts'
import { memory } from './memory.ts'
import { resolve } from './resolve/resolve.ts'
import { say } from './stage/say.ts'
import { timers } from './timers/timers.ts'
import { transport } from './transport.ts'
import { workers } from './workers.ts'

const benchmarks = {
  dispatch: command(
    'a campaign from schedule to the last settled row',
    {
      recipients: wholeNumber(50_000),
      workers: wholeNumber(1),
      rounds: wholeNumber(3),
      dkim: oneOf('none', 'rsa', 'ed25519'),
      cpuProf: folder,
    },
    dispatch,
  ),
  workers: command(
    'the same campaign by 1, 2 and 4 workers',
    {
      recipients: wholeNumber(100_000),
      rounds: wholeNumber(3),
      slowRecipients: wholeNumber(20_000),
      delay: wholeNumber(20),
    },
    workers,
  ),
  limits: command('how exactly limits are kept', { perSecond: wholeNumber(500) }, limits),
  memory: command(
    "a worker's peak memory, for a large campaign and a small one",
    { recipients: wholeNumber(1_000_000), few: wholeNumber(10_000) },
    memory,
  ),
  resolve: command(
    'freezing an audience; --scale: once more among ten times the contacts',
    { contacts: wholeNumber(1_000_000), rounds: wholeNumber(3), scale: flag },
    resolve,
  ),
  timers: command(
    'durable timers that are all due at one moment',
    { campaigns: wholeNumber(300), rounds: wholeNumber(3), unsubscribes: wholeNumber(10_000) },
    timers,
  ),
  history: command(
    'what a very large campaign leaves in Temporal, with empty sends',
    { recipients: wholeNumber(10_000_000), suggestAt: wholeNumber(512) },
    history,
  ),
  http: command(
    'one-click unsubscribes and pages, so many at once',
    { requests: wholeNumber(5000), atOnce: wholeNumber(16), rounds: wholeNumber(3) },
    http,
  ),
  transport: command('the wire alone', { messages: wholeNumber(200_000), rounds: wholeNumber(3) }, transport),
  compose: command('composing alone', { rounds: wholeNumber(7) }, compose),
}

const help = `npm run bench -- <name> [options]

${Object.entries(benchmarks)
  .map(([name, { does, usage }]) => `${name.padEnd(10)} ${does}\n${' '.repeat(11)}${usage}`)
  .join('\n')}

Starts what it needs on loopback, measures in several rounds beside a floor in the same run, and prints one line of
JSON on standard output.`

async function main([name = '', ...args]: string[]): Promise<number> {
  const chosen = Object.entries(benchmarks).find(([each]) => each === name)?.[1]
  if (chosen === undefined) {
    say(help)
    return name === '--help' ? 0 : 64
  }
  process.stdout.write(`${JSON.stringify(await chosen.run(args))}\n`)
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  say(error.message)
  process.exitCode = 64
}
