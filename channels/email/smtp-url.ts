import type { SMTPConnectionOptions } from 'nodemailer'
import { type ConnectionUrlOptions, parseConnectionUrl } from 'nodemailer/lib/shared'
import { Refusal } from '../../domain/refusal.ts'

export interface SmtpSettings {
  connection: SMTPConnectionOptions
  auth: { user: string; pass: string } | null
  host: string
  /** Host and port, for messages to people. Holds no secret. */
  server: string
}

// A server that is there answers in milliseconds, and one that is not must be noticed.
const connectionTimeout = 30_000

/**
 * Reads `smtp://` (with STARTTLS when the server offers it) and `smtps://` URLs: user and password percent-encoded,
 * options of the library as a query, like `?requireTLS=true&tls.rejectUnauthorized=false`.
 * @throws Refusal, which does not repeat the URL: it may hold a password.
 */
export function parseSmtpUrl(url: string): SmtpSettings {
  const { auth, host, ...options } = /^smtps?:\/\//i.test(url) ? parseLeniently(url) : {}
  if (host === undefined)
    throw new Refusal({
      field: 'SMTP_URL',
      rule: 'the mail server is an smtp:// or smtps:// URL with a host',
      remedy: 'Write it like smtp://user:password@mail.example.com:587.',
    })
  return {
    // Whatever the query says, the dialogue is not logged: it holds addresses and the login.
    connection: { connectionTimeout, ...options, host, logger: false, debug: false, transactionLog: false },
    auth: auth?.user ? { user: auth.user, pass: auth.pass } : null,
    host,
    server: `${host}:${options.port ?? (options.secure ? 465 : 587)}`,
  }
}

function parseLeniently(url: string): ConnectionUrlOptions {
  try {
    return parseConnectionUrl(url)
  } catch {
    return {}
  }
}
