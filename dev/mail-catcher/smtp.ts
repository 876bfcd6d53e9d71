import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { MailStore } from './store.ts'

const largestMail = 10 * 1024 * 1024

/** A mail server on loopback that accepts everything for everybody, and keeps it. */
export async function startSmtp(store: MailStore, port: number): Promise<{ stop: () => Promise<void> }> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: largestMail,
    logger: false,
    // At the end nobody needs longer: whoever sends has been stopped before.
    closeTimeout: 1000,
    banner: 'addressee mail catcher',
    onData: (stream, session, done) => {
      receive(store, stream, session).then(
        (id) => done(null, `OK: kept as ${id}`),
        (error: Error) => done(error),
      )
    },
  })
  // A client that hangs up in mid-mail is no reason to stop.
  server.on('error', (error) => process.stderr.write(`smtp: ${error.message}\n`))
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return { stop: () => new Promise((resolve) => server.close(() => resolve())) }
}

async function receive(store: MailStore, stream: SMTPServerDataStream, session: SMTPServerSession): Promise<number> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) {
    // What is over the limit is read to its end and thrown away: the client listens only then.
    if (!stream.sizeExceeded) chunks.push(chunk as Buffer)
  }
  if (stream.sizeExceeded)
    throw Object.assign(new Error(`5.3.4 Message is larger than ${largestMail} bytes`), { responseCode: 552 })
  const { mailFrom, rcptTo } = session.envelope
  const envelope = { from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address) }
  return (await store.add(Buffer.concat(chunks), envelope)).id
}
