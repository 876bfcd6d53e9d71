import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createEmailChannel } from '../../channels/email/email-channel.ts'
import { freePort } from '../../dev/free-port.ts'
import { startMailCatcher } from '../../dev/mail-catcher/catcher.ts'
import { ensureAcme } from '../../dev/sample/acme.ts'
import { createTokens } from '../../domain/link-token.ts'
import { startHttp } from '../../http/main.ts'
import { atEnd } from '../setup/at-end.ts'
import { type DocumentedBlock, documentedBlocks, patternOf, shows } from '../setup/documented-commands.ts'
import { recordingLog } from '../setup/http-app.ts'
import { createInstallation } from '../setup/installation.ts'
import { secret } from '../setup/unsubscribe-seed.ts'

// What a reader pastes does what the document says, in a shell, against a server on a socket.

const installation = await createInstallation()
const { addressee, databaseUrl, temporalAddress, namespace } = installation
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

const folder = await mkdtemp(join(tmpdir(), 'addressee-doc-'))
const [smtpPort, inboxPort, receiverPort] = [await freePort(), await freePort(), await freePort()]
const catcher = await startMailCatcher({ folder, smtpPort, inboxPort })
atEnd(async () => {
  await catcher.stop()
  await rm(folder, { recursive: true })
})
const smtpUrl = `smtp://127.0.0.1:${smtpPort}`
const channel = createEmailChannel({ smtpUrl, connections: 1, tokens: createTokens([secret]) })
atEnd(() => channel.transport.close())
await installation.startWorkers(channel, http.url)

await ensureAcme(addressee)
const { key } = await addressee.apiKeys.create({ name: 'walk-through', scopes: ['admin'] })

/** What the document sets up in a block marked `bash`. */
const environment = {
  PATH: process.env['PATH'],
  DATABASE_URL: databaseUrl,
  TEMPORAL_ADDRESS: temporalAddress,
  TEMPORAL_NAMESPACE: namespace,
  ADDRESSEE_PRIVATE_WEBHOOKS: 'allow',
  BASE: http.url,
  INBOX: `http://127.0.0.1:${inboxPort}`,
  RECEIVER: String(receiverPort),
  KEY: key,
}
const program = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url))
const command = `addressee() { '${process.execPath}' '${program}' "$@"; }\n`

const document = await readFile(new URL('../../docs/http-api.md', import.meta.url), 'utf8')
const blocks = documentedBlocks(document)

const mark = '\u0001'

/** All blocks in one shell, as a reader would go through them. */
async function run(blocks: readonly DocumentedBlock[]): Promise<{ code: number; output: string }[]> {
  const script = blocks.map(({ commands }) => `{ ${commands}\n}\nprintf '${mark}%d${mark}' $?\n`).join('')
  const shell = spawn('bash', [], { env: environment })
  shell.stdin.end(command + script)
  const [stdout, stderr] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')])
  expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('warning: '))).toEqual([])
  const parts = stdout.split(mark)
  return blocks.map((_, at) => ({ output: parts[at * 2] ?? '', code: Number(parts[at * 2 + 1] ?? Number.NaN) }))
}

test('every command of docs/http-api.md works and gives what is shown', { timeout: 240_000 }, async () => {
  expect(blocks.length).toBeGreaterThan(35)
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
