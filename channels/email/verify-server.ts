import { Refusal, Unavailable } from '../../domain/refusal.ts'
import { logIn, quit } from './log-in.ts'
import { outcomeOf, type SmtpError } from './outcome.ts'
import { parseSmtpUrl } from './smtp-url.ts'

/**
 * Connects and logs in once, as a worker does before it takes work.
 * @throws Unavailable when nobody answers, Refusal when the server refuses us or the URL is none.
 */
export async function verifySmtpServer(url: string): Promise<void> {
  const settings = parseSmtpUrl(url)
  try {
    const { connection } = await logIn(settings)
    quit(connection)
  } catch (error) {
    const { kind, response } = outcomeOf('connecting', error as SmtpError)
    if (kind !== 'misconfigured')
      throw new Unavailable(
        `The mail server ${settings.server} does not answer: ${response}`,
        'Start it, or correct SMTP_URL.',
        error,
      )
    throw new Refusal({
      field: 'SMTP_URL',
      rule: `the mail server ${settings.server} refuses the connection: ${response}`,
      remedy: 'Correct user, password, port or TLS settings in SMTP_URL.',
    })
  }
}
