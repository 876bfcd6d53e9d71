import { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Outcome, OutgoingMessage } from '../channel.ts'
import { accepted, outcomeOf, type Phase, type SmtpError } from './outcome.ts'
import type { SmtpSettings } from './smtp-url.ts'

/** One connection to the server, greeted and logged in. It takes one message at a time. */
export interface Session {
  /** Settles when the fate of the message is known. Never rejects, never sends twice. */
  send: (message: OutgoingMessage) => Promise<Outcome>
  /** Makes the connection ready for another message. False: it is of no more use. */
  recover: () => Promise<boolean>
  isOpen: () => boolean
  /** Says goodbye and lets the server close. */
  quit: () => void
  /** Ends at once. A message under way gets its outcome from how far it had come. */
  close: () => void
}

// A server that does not answer QUIT must not keep the process from ending.
const longestGoodbyeMs = 5_000

/** @throws SmtpError, what the phase `connecting` ended with. */
export async function openSession(settings: SmtpSettings): Promise<Session> {
  const connection = new SMTPConnection(settings.connection)
  // Someone must listen whenever a connection fails, be it while nothing is under way.
  connection.on('error', () => {})
  await untilEnd(connection, (settle) => connection.connect((error) => settle(error ?? null)))
  // A server that offers no login wants none; it says so at MAIL if it does.
  if (settings.auth !== null && connection.allowsAuth) await logIn(connection, settings.auth)
  return sessionOf(connection)
}

async function logIn(connection: SMTPConnection, auth: NonNullable<SmtpSettings['auth']>): Promise<void> {
  try {
    await untilEnd(connection, (settle) => connection.login(auth, (error) => settle(error)))
  } catch (error) {
    connection.close()
    throw error
  }
}

function sessionOf(connection: SMTPConnection): Session {
  let needsReset = false
  return {
    send: async (message) => {
      let phase: Phase = 'envelope'
      const body = bodyOf(message.raw, (reached) => {
        phase = reached
      })
      try {
        return accepted(await transmit(connection, message, body))
      } catch (error) {
        if (leavesSessionInStep(error as SmtpError)) needsReset = true
        else connection.close()
        return outcomeOf(phase, error as SmtpError)
      }
    },
    recover: async () => {
      if (needsReset) await reset(connection)
      needsReset = false
      return !connection.destroyed
    },
    isOpen: () => !connection.destroyed,
    quit: () => {
      connection.quit()
      setTimeout(() => connection.close(), longestGoodbyeMs).unref()
    },
    close: () => connection.close(),
  }
}

/** Resolves to the server's reply to the message. */
const transmit = (connection: SMTPConnection, message: OutgoingMessage, body: Readable): Promise<string> =>
  untilEnd(connection, (settle) =>
    connection.send({ from: message.from, to: message.to }, body, (error, info) => settle(error, info?.response)),
  )

/**
 * After a refusal of one message the session goes on. After anything else nobody knows which reply would belong to
 * which command, and a message must not be called sent for the reply to another.
 */
const leavesSessionInStep = (error: SmtpError): boolean =>
  (error.code === 'EENVELOPE' || error.code === 'EMESSAGE') &&
  error.responseCode !== undefined &&
  error.responseCode >= 400 &&
  ![421, 503].includes(error.responseCode)

/** RFC 5321 4.1.1.5: forgets the message that was refused. */
async function reset(connection: SMTPConnection): Promise<void> {
  try {
    await untilEnd(connection, (settle) => connection.reset((error) => settle(error)))
  } catch {
    connection.close()
  }
}

// Small, so that "the dot may have left" is said no earlier than one piece before the end.
const pieceLength = 16_384

/**
 * The message as a stream that tells how far it was taken. The library begins to read it after the server's 354,
 * and writes the dot after its `end`: whoever listened first hears of it before the dot can leave.
 */
function bodyOf(raw: Buffer, reached: (phase: Phase) => void): Readable {
  let position = 0
  const body = new Readable({
    highWaterMark: pieceLength,
    read() {
      reached('body')
      this.push(position < raw.length ? raw.subarray(position, position + pieceLength) : null)
      position += pieceLength
    },
  })
  return body.once('end', () => reached('handed_over'))
}

type Settle<T> = (error: Error | null, value?: T) => void

/**
 * Runs one step of the dialogue. The library calls back when the step ends; when the connection ends first, it may
 * say no more than `end`. Then the step has failed, one turn of the event loop later, so that a callback that knows
 * the reason comes first.
 */
async function untilEnd<T = void>(connection: SMTPConnection, step: (settle: Settle<T>) => void): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const onEnd = (): void => void setImmediate(reject, new Error('The connection was closed'))
  connection.once('error', reject).once('end', onEnd)
  step((error, value) => (error === null ? resolve(value as T) : reject(error)))
  try {
    return await promise
  } finally {
    connection.off('error', reject).off('end', onEnd)
  }
}
