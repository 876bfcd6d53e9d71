import { parseArgs } from 'node:util'
import { dispatch } from './dispatch.ts'
import { resolve } from './resolve.ts'
import { say } from './stage.ts'

const help = `npm run bench -- dispatch [--recipients 50000]
npm run bench -- resolve [--contacts 1000000]
node bench/transport.ts      the wire alone
node bench/compose.ts        composing alone

Starts what it needs on loopback, measures in several rounds beside a floor in the same run, and prints one line of
JSON on standard output.`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    recipients: { type: 'string', default: '50000' },
    contacts: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
})

const benchmarks: Record<string, () => Promise<object>> = {
  dispatch: () => dispatch(Number(values.recipients)),
  resolve: () => resolve(Number(values.contacts)),
}
const chosen = benchmarks[positionals[0] ?? '']

if (values.help || chosen === undefined) {
  say(help)
  process.exitCode = values.help ? 0 : 64
} else {
  process.stdout.write(`${JSON.stringify(await chosen())}\n`)
}
