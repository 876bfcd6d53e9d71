import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startMailCatcher } from './catcher.ts'

// A process of its own: thousands of mails a second would keep whoever else lived here from answering.
const text = { type: 'string', default: '' } as const
const { values } = parseArgs({ options: { folder: text, 'smtp-port': text, 'inbox-port': text } })
const catcher = await startMailCatcher({
  folder: values.folder,
  smtpPort: Number(values['smtp-port']),
  inboxPort: Number(values['inbox-port']),
})
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
await catcher.stop()
process.exit(0)
