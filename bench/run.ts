import { parseArgs } from 'node:util'
import { dispatch } from './dispatch.ts'
import { say } from './stage.ts'

const help = `npm run bench -- dispatch [--recipients 50000]

Starts what it needs on loopback, measures in several rounds, and prints one line of JSON on standard output.`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { recipients: { type: 'string', default: '50000' }, help: { type: 'boolean' } },
})

if (values.help === true || positionals[0] !== 'dispatch') {
  say(help)
  process.exitCode = values.help === true ? 0 : 64
} else {
  process.stdout.write(`${JSON.stringify(await dispatch(Number(values.recipients)))}\n`)
}
