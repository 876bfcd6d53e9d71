import type { Line, LineEvents, Patience } from './line.ts'
import { logIn } from './log-in.ts'
import { createPipeline } from './pipeline.ts'
import { createSessionLine } from './session.ts'
import type { SmtpSettings } from './smtp-url.ts'
import { takeOver } from './take-over.ts'

/**
 * Connects and logs in through nodemailer, whatever TLS and login that takes. Where the server announces PIPELINING
 * the socket is ours from then on; where it does not, nodemailer goes on with the dialogue.
 * @throws SmtpError, what the phase `connecting` ended with.
 */
export async function openLine(settings: SmtpSettings, events: LineEvents, patience: Patience): Promise<Line> {
  const { connection, extensions } = await logIn(settings)
  // LMTP answers the message once for each recipient, and is left to the library.
  const isPipelined = extensions.has('PIPELINING') && settings.connection.lmtp !== true
  const socket = isPipelined ? takeOver(connection) : null
  if (socket === null) return createSessionLine(connection, events)
  return createPipeline(socket, extensions, events, patience)
}
