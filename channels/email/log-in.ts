import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { type Extensions, extensionsOf } from './extensions.ts'
import { longestGoodbyeMs } from './line.ts'
import type { SmtpSettings } from './smtp-url.ts'
import { untilEnd } from './step.ts'

/** A connection of the library's, greeted and logged in, over TLS where settings or server want it. */
export interface LoggedIn {
  connection: SMTPConnection
  extensions: Extensions
}

/** @throws SmtpError, what the phase `connecting` ended with. */
export async function logIn(settings: SmtpSettings): Promise<LoggedIn> {
  const connection = new SMTPConnection(settings.connection)
  // Someone must listen whenever a connection fails, be it while nothing is under way.
  connection.on('error', () => {})
  await untilEnd(connection, (settle) => connection.connect((error) => settle(error ?? null)))
  // Read now: the last reply is still the one to EHLO, after TLS if there is any.
  const extensions = extensionsOf(connection.lastServerResponse || '')
  // A server that offers no login wants none; it says so at MAIL if it does.
  if (settings.auth !== null && connection.allowsAuth) await authenticate(connection, settings.auth)
  return { connection, extensions }
}

async function authenticate(connection: SMTPConnection, auth: NonNullable<SmtpSettings['auth']>): Promise<void> {
  try {
    await untilEnd(connection, (settle) => connection.login(auth, (error) => settle(error)))
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Says goodbye and lets the server close. */
export function quit(connection: SMTPConnection): void {
  connection.quit()
  setTimeout(() => connection.close(), longestGoodbyeMs).unref()
}
