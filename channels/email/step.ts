import type SMTPConnection from 'nodemailer/lib/smtp-connection'

export type Settle<T> = (error: Error | null, value?: T) => void

/**
 * Runs one step of the library's dialogue. It calls back when the step ends; when the connection ends first, it may
 * say no more than `end`. Then the step has failed, one turn of the event loop later, so that a callback that knows
 * the reason comes first.
 */
export async function untilEnd<T = void>(connection: SMTPConnection, step: (settle: Settle<T>) => void): Promise<T> {
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
