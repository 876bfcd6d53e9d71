import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'

/** A message that the sink took. Instants are milliseconds since 1970, with fractions. */
export interface Accepted {
  to: string
  messageId: string
  /** The client's name at EHLO. */
  client: string
  /** The first byte of the message was here. */
  begunAt: number
  acceptedAt: number
}

/**
 * Opens the log for the sink. A line is the system's before the sink says 250: a `kill -9` of the sink loses none,
 * and leaves at most a cut line, for a message that was not answered.
 */
export function openAcceptedLog(path: string): (accepted: Accepted) => void {
  const file = openSync(path, 'a')
  // Ends a line that the sink before us was killed in.
  writeSync(file, '\n')
  return ({ to, messageId, client, begunAt, acceptedAt }) =>
    void writeSync(file, `${to} ${messageId} ${client} ${begunAt} ${acceptedAt} .\n`)
}

/** @returns a function that gives everything accepted so far, in order; each call reads what is new. */
export function createAcceptedReader(path: string): () => Accepted[] {
  const accepted: Accepted[] = []
  let position = 0
  return () => {
    const text = readFrom(path, position)
    const end = text.lastIndexOf('\n') + 1
    position += end
    for (const line of text.slice(0, end).split('\n')) if (line.endsWith(' .')) accepted.push(parse(line))
    return accepted
  }
}

function readFrom(path: string, position: number): string {
  const file = openSync(path, 'r')
  const bytes = Buffer.alloc(fstatSync(file).size - position)
  readSync(file, bytes, 0, bytes.length, position)
  closeSync(file)
  return bytes.toString('latin1')
}

function parse(line: string): Accepted {
  const [to = '', messageId = '', client = '', begunAt, acceptedAt] = line.split(' ')
  return { to, messageId, client, begunAt: Number(begunAt), acceptedAt: Number(acceptedAt) }
}
