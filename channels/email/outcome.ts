import { constants } from 'node:os'
import type { NodemailerError } from 'nodemailer'
import type { Outcome } from '../channel.ts'

/**
 * How far a message had come when something went wrong.
 * - `connecting`: no session yet, for this message or any.
 * - `envelope`: MAIL, RCPT or DATA; not a byte of the message has left.
 * - `body`: the server takes the message; the dot that ends it cannot have left.
 * - `handed_over`: the dot may have left; only the server knows.
 */
export type Phase = 'connecting' | 'envelope' | 'body' | 'handed_over'

export type SmtpError = Pick<
  NodemailerError,
  'message' | 'code' | 'command' | 'response' | 'responseCode' | 'originalCode'
>

// What servers say can be long, and an operator reads the beginning.
const longestResponse = 500

/** What the server's 250 after the dot means. */
export const accepted = (reply: string): Outcome => ({
  kind: 'accepted',
  serverId: serverIdOf(reply),
  response: shown(reply),
})

/** What became of a message whose sending ended with an error. A reply decides; without one, the phase does. */
export function outcomeOf(phase: Phase, error: SmtpError): Outcome {
  const response = shown(error.response ?? error.message)
  if (phase === 'connecting') return outcomeOfConnecting(error, response)
  return outcomeOfReply(error, response) ?? outcomeOfSilence[phase](response)
}

const outcomeOfSilence: Record<Exclude<Phase, 'connecting'>, (response: string) => Outcome> = {
  envelope: (response) => ({ kind: 'unavailable', response }),
  // Not `unavailable`: it may be this message that the server breaks on, and its tries are counted.
  body: (response) => ({ kind: 'deferred', code: null, response }),
  handed_over: (response) => ({ kind: 'uncertain', response }),
}

function outcomeOfConnecting(error: SmtpError, response: string): Outcome {
  const code = error.responseCode ?? null
  const isRefusal = code === null ? refusesUs(error) : code >= 500
  return isRefusal ? { kind: 'misconfigured', code, response } : { kind: 'unavailable', response }
}

/** Errors without a reply that would come back on every try: no common login or TLS, a certificate, no SMTP at all. */
const refusesUs = (error: SmtpError): boolean =>
  ['EAUTH', 'ENOAUTH', 'EOAUTH2', 'ETLS', 'EPROTOCOL', 'ECONFIG'].includes(error.code ?? '') ||
  (error.code === 'ESOCKET' && error.originalCode !== undefined && !isNetworkError(error.originalCode))

/** The operating system's errors are the network's; what TLS reports has codes of its own, and EPROTO. */
const isNetworkError = (code: string): boolean => Object.hasOwn(constants.errno, code) && code !== 'EPROTO'

/** Null when the server said nothing that decides. */
function outcomeOfReply(error: SmtpError, response: string): Outcome | null {
  const code = error.responseCode ?? 0
  if (code < 400 || code > 599) return null
  const status = enhancedStatusOf(response)
  if (code === 421 && error.command === 'MAIL FROM') return { kind: 'unavailable', response }
  // 503 says that the session is out of step, not that the message is wrong; and a reply that the end of the
  // connection cut off (CONN) is none to lose a recipient for.
  if (code < 500 || code === 503 || error.command === 'CONN') return { kind: 'deferred', code, response }
  if (isAboutUs(error, code, status, response)) return { kind: 'misconfigured', code, response }
  return { kind: 'refused', code, response, addressIsDead: deadAddress.has(status) }
}

/** A refusal that every recipient of the campaign would get: it must burn none of them. */
function isAboutUs(error: SmtpError, code: number, status: string, response: string): boolean {
  // RFC 4954 6: authentication is required, too weak, or needs encryption; at whatever command.
  if ([530, 534, 535, 538].includes(code)) return true
  // At MAIL it is the sender that is judged, unless the message is too large or its address needs SMTPUTF8.
  if (error.command === 'MAIL FROM') return code !== 552 && !['5.3.4', '5.6.7'].includes(status)
  return /\brelay(ing)?\b.*\b(denied|prohibited|not (permitted|allowed))|unable to relay/i.test(response)
}

/** RFC 3463 3.2: no such mailbox, no such system, bad syntax, moved away, host accepts no mail (RFC 7505). */
const deadAddress: ReadonlySet<string> = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10'])

const enhancedStatusOf = (response: string): string => /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] ?? ''

/** The queue id as Postfix, Exim and Sendmail name it. */
const serverIdOf = (reply: string): string | null =>
  /\bqueued as ([\w.-]+)/i.exec(reply)?.[1] ??
  /\bid=([\w.-]+)/i.exec(reply)?.[1] ??
  /^250 2\.0\.0 ([\w.-]+) Message accepted/i.exec(reply)?.[1] ??
  null

/** One line without control characters: it goes into the ledger, logs and terminals. */
const shown = (reply: string): string =>
  isPlain.test(reply)
    ? reply.slice(0, longestResponse)
    : reply
        .replaceAll(/[\p{Cc}\s]+/gu, ' ')
        .trim()
        .slice(0, longestResponse)
        .toWellFormed()

/** Nearly every reply, and much faster told than rewritten: words in ASCII with single spaces. */
const isPlain = /^[!-~](?: ?[!-~])*$/
