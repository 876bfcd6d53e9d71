import { buffer } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { atEnd } from './at-end.ts'

export interface MailSink {
  url: string
  /** Every accepted message, in the order of acceptance: what a recipient really got. */
  mails: { to: string; raw: Buffer }[]
  /** How long each message is held before it is accepted. */
  delayMs: number
}

/** A mail server on a real socket that accepts everything and remembers it. */
export async function startMailSink(): Promise<MailSink> {
  const sink: MailSink = { url: '', mails: [], delayMs: 0 }
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, session, done) => {
      const accept = async () => {
        const raw = await buffer(stream)
        await new Promise((resolve) => setTimeout(resolve, sink.delayMs))
        // Written down in the same turn as the reply: what is in the list was accepted, and nothing else.
        sink.mails.push({ to: session.envelope.rcptTo[0]?.address ?? '', raw })
      }
      accept().then(() => done(), done)
    },
  })
  // A killed worker breaks its connections: that is what is tested, not an error.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(() => new Promise<void>((resolve) => server.close(resolve)))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('the sink does not listen')
  sink.url = `smtp://127.0.0.1:${address.port}`
  return sink
}
