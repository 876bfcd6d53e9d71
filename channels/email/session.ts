import { Readable } from 'node:stream'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Outcome, OutgoingMessage } from '../channel.ts'
import type { Delivery, Line, LineEvents } from './line.ts'
import { quit } from './log-in.ts'
import { accepted, outcomeOf, type Phase, type SmtpError } from './outcome.ts'
import { untilEnd } from './step.ts'

/** A line that leaves the dialogue to the library. It takes one message at a time. */
export function createSessionLine(connection: SMTPConnection, { onReady, onEnd }: LineEvents): Line {
  let isBusy = false
  const carry = async ({ message, settle }: Delivery): Promise<void> => {
    isBusy = true
    const { outcome, isInStep } = await send(connection, message)
    // Not after the reset: the fate is known, and what follows is between the server and us.
    settle(outcome)
    if (!isInStep) await reset(connection)
    isBusy = false
    onReady()
  }
  const isIdle = (): boolean => !isBusy && !connection.destroyed
  connection.once('end', onEnd)
  return {
    isIdle,
    advance: (next) => {
      const delivery = isIdle() ? next() : undefined
      if (delivery !== undefined) void carry(delivery)
    },
    // The library has timers of its own.
    tick: () => {},
    quit: () => {
      isBusy = true
      quit(connection)
    },
    close: () => connection.close(),
  }
}

/** Settles when the fate of the message is known. Never rejects, never sends twice. */
async function send(
  connection: SMTPConnection,
  message: OutgoingMessage,
): Promise<{ outcome: Outcome; isInStep: boolean }> {
  let phase: Phase = 'envelope'
  const body = bodyOf(message.raw, (reached) => {
    phase = reached
  })
  try {
    return { outcome: accepted(await transmit(connection, message, body)), isInStep: true }
  } catch (error) {
    if (!leavesSessionInStep(error as SmtpError)) connection.close()
    return { outcome: outcomeOf(phase, error as SmtpError), isInStep: false }
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
  if (connection.destroyed) return
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
function bodyOf(raw: Buffer | string, reached: (phase: Phase) => void): Readable {
  const bytes = typeof raw === 'string' ? Buffer.from(raw, 'latin1') : raw
  let position = 0
  const body = new Readable({
    highWaterMark: pieceLength,
    read() {
      reached('body')
      this.push(position < bytes.length ? bytes.subarray(position, position + pieceLength) : null)
      position += pieceLength
    },
  })
  return body.once('end', () => reached('handed_over'))
}
