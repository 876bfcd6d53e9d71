import { serve } from '@hono/node-server'
import { createInbox } from './inbox.ts'
import { startSmtp } from './smtp.ts'
import { openMailStore } from './store.ts'

export interface MailCatcher {
  stop: () => Promise<void>
}

/** A mail server that delivers nothing, and a page that shows what it caught. Loopback only. */
export async function startMailCatcher(options: {
  folder: string
  smtpPort: number
  inboxPort: number
}): Promise<MailCatcher> {
  const store = await openMailStore(options.folder)
  const smtp = await startSmtp(store, options.smtpPort)
  const { fetch } = createInbox(store)
  const inbox = serve({ fetch, port: options.inboxPort, hostname: '127.0.0.1' })
  return {
    stop: async () => {
      await smtp.stop()
      await new Promise((resolve) => inbox.close(resolve))
      await store.close()
    },
  }
}
