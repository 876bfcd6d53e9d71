import { type FileHandle, mkdir, open, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { domainToUnicode } from 'node:url'
import { headerBlock, headerValue } from './header-block.ts'

/** What is known of a mail without opening it: one JSON line of the index file. */
export interface MailEntry {
  /** Counts from 1 in the order of arrival. */
  id: number
  /** ISO 8601. */
  at: string
  /** Envelope sender; '' for a bounce. */
  from: string
  /** Envelope recipients. */
  to: string[]
  /** As in the header: encoded words are decoded when somebody looks. */
  subject: string
  listId: string
  offset: number
  length: number
}

export interface Envelope {
  from: string
  to: string[]
}

export interface MailQuery {
  /** An envelope recipient, compared without regard to case. */
  to?: string
  /** Part of any recipient's address. */
  containing?: string
  /** Only mails with a smaller id: the next page. */
  before?: number
  limit: number
}

export interface MailStore {
  /** Settles when the mail is in the file. */
  add: (raw: Buffer, envelope: Envelope) => Promise<MailEntry>
  /** Newest first. */
  list: (query: MailQuery) => MailEntry[]
  count: () => number
  find: (id: number) => MailEntry | null
  read: (entry: MailEntry) => Promise<Buffer<ArrayBuffer>>
  close: () => Promise<void>
}

/** What stays in memory is bounded: older mails remain in the files, and leave the inbox page. */
const mostEntries = 250_000

interface Waiting {
  raw: Buffer
  envelope: Envelope
  resolve: (entry: MailEntry) => void
  reject: (error: unknown) => void
}

/**
 * Mail kept in two append-only files: the raw messages, and an index with one line each. A mail's line is written
 * after its bytes, so whatever a kill interrupts, every whole line points at a whole mail.
 */
export async function openMailStore(folder: string): Promise<MailStore> {
  await mkdir(folder, { recursive: true })
  const indexFile = join(folder, 'mail.index.jsonl')
  let entries = await readIndex(indexFile)
  const index = await open(indexFile, 'a')
  const data = await open(join(folder, 'mail.data'), 'a+')
  let waiting: Waiting[] = []
  let writing: Promise<void> = Promise.resolve()

  const writeWaiting = async () => {
    const batch = waiting
    waiting = []
    try {
      const written = await writeBatch(data, index, batch, (entries.at(-1)?.id ?? 0) + 1)
      for (const entry of written) entries.push(entry)
      if (entries.length > mostEntries * 1.1) entries = entries.slice(-mostEntries)
      for (const [position, entry] of written.entries()) batch[position]?.resolve(entry)
    } catch (error) {
      for (const mail of batch) mail.reject(error)
    }
  }
  return {
    add: (raw, envelope) =>
      new Promise((resolve, reject) => {
        waiting.push({ raw, envelope, resolve, reject })
        // Whatever arrives while a batch is being written goes out in the next one, together.
        if (waiting.length === 1) writing = writing.then(writeWaiting)
      }),
    list: (query) => select(entries, query),
    count: () => entries.length,
    find: (id) => entries.findLast((entry) => entry.id === id) ?? null,
    read: async (entry) => (await data.read(Buffer.alloc(entry.length), 0, entry.length, entry.offset)).buffer,
    close: async () => {
      await writing
      await Promise.all([data.close(), index.close()])
    },
  }
}

async function writeBatch(data: FileHandle, index: FileHandle, batch: Waiting[], firstId: number) {
  // Asked each time: a write that failed half-way (a full disk) may have left bytes behind.
  let offset = (await data.stat()).size
  const entries = batch.map(({ raw, envelope }, position) => {
    const entry = entryOf(raw, envelope, firstId + position, offset)
    offset += raw.length
    return entry
  })
  await data.writev(batch.map((mail) => mail.raw))
  await index.appendFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  return entries
}

function entryOf(raw: Buffer, envelope: Envelope, id: number, offset: number): MailEntry {
  const block = headerBlock(raw)
  const subject = headerValue(block, 'Subject')
  const listId = headerValue(block, 'List-ID')
  return { id, at: new Date().toISOString(), ...envelope, subject, listId, offset, length: raw.length }
}

/** The index of earlier runs; a last line that a kill cut short is taken off the file. */
async function readIndex(path: string): Promise<MailEntry[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole))
  const lines = whole.split('\n').slice(0, -1)
  return lines.slice(-mostEntries).map((line) => JSON.parse(line) as MailEntry)
}

function select(entries: MailEntry[], query: MailQuery): MailEntry[] {
  const matches = matcher(query)
  const found: MailEntry[] = []
  for (let position = entries.length - 1; position >= 0 && found.length < query.limit; position -= 1) {
    const entry = entries[position]
    if (entry !== undefined && entry.id < (query.before ?? Infinity) && matches(entry)) found.push(entry)
  }
  return found
}

function matcher(query: MailQuery): (entry: MailEntry) => boolean {
  const to = query.to === undefined ? undefined : comparable(query.to)
  const part = query.containing?.toLowerCase()
  return (entry) =>
    (to === undefined || entry.to.some((address) => comparable(address) === to)) &&
    (part === undefined || entry.to.some((address) => address.toLowerCase().includes(part)))
}

/** One spelling of an address: lower case, and an internationalised domain in its own script. */
function comparable(address: string): string {
  const at = address.lastIndexOf('@') + 1
  return (address.slice(0, at) + domainToUnicode(address.slice(at))).toLowerCase()
}
