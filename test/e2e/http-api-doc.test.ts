import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { startHttp } from '../../http/main.ts'
import { atEnd } from '../setup/at-end.ts'
import { type DocumentedBlock, documentedBlocks, patternOf, shows } from '../setup/documented-commands.ts'
import { recordingLog } from '../setup/http-app.ts'
import { createInstallation } from '../setup/installation.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { secret } from '../setup/unsubscribe-seed.ts'

// What a reader pastes does what the document says, in a shell, against a server on a socket.

const installation = await createInstallation()
const { addressee, databaseUrl, temporalAddress, namespace } = installation
await installation.startWorkers(scriptedChannel())
const http = await startHttp(
  {
    databaseUrl,
    secrets: [secret],
    listen: { host: '127.0.0.1', port: 0 },
    trustedProxies: [],
    temporal: { address: temporalAddress, namespace },
    logLevel: 'info',
  },
  recordingLog().log,
)
atEnd(() => http.close())

// As the demo has them (dev/demo.ts).
await addressee.resources.create({
  key: 'acme',
  name: 'Acme',
  fromName: 'Acme News',
  fromAddress: 'news@acme.example',
  listLabel: 'Acme News',
  listId: 'news.acme.example',
})
for (const title of ['News', 'Offers', 'Events']) await addressee.categories.create({ resource: 'acme', title })
const { key } = await addressee.apiKeys.create({ name: 'walk-through', scopes: ['admin'] })

const document = await readFile(new URL('../../docs/http-api.md', import.meta.url), 'utf8')
const blocks = documentedBlocks(document)

const mark = '\u0001'

/** All blocks in one shell, as a reader would go through them. */
async function run(blocks: readonly DocumentedBlock[]): Promise<{ code: number; output: string }[]> {
  const script = blocks.map(({ commands }) => `{ ${commands}\n}\nprintf '${mark}%d${mark}' $?\n`).join('')
  const shell = spawn('bash', [], { env: { PATH: process.env['PATH'], BASE: http.url, KEY: key } })
  shell.stdin.end(script)
  const [stdout, stderr] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')])
  expect(stderr).toBe('')
  const parts = stdout.split(mark)
  return blocks.map((_, at) => ({ output: parts[at * 2] ?? '', code: Number(parts[at * 2 + 1] ?? Number.NaN) }))
}

test('every command of docs/http-api.md works and gives what is shown', { timeout: 120_000 }, async () => {
  expect(blocks.length).toBeGreaterThan(20)
  const results = await run(blocks)
  for (const [at, { commands, kind, output }] of blocks.entries()) {
    const result = results[at]
    expect(result?.code, commands).toBe(0)
    const actual = result?.output.trim() ?? ''
    if (kind === 'text') expect(actual, commands).toMatch(patternOf(output))
    if (kind === 'json')
      expect(shows(JSON.parse(output), JSON.parse(actual)), `${commands}\ngave ${actual}\nshown is ${output}`).toBe(
        true,
      )
  }
})
