import { type FileHandle, open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { Refusal } from '../../domain/refusal.ts'

export interface ImportSource {
  /** What errors call it. */
  name: string
  chunks: AsyncIterable<Buffer | string>
  /** Bytes handed out so far. */
  bytesRead: () => number
  /** Null when the input does not say how long it is. */
  totalBytes: number | null
  close: () => void
}

/** Opens a file, or takes a stream, and counts what is read from it. */
export async function openSource(input: string | Readable): Promise<ImportSource> {
  if (typeof input !== 'string') return counted('input', input, null)
  const file = await openFile(input)
  const { size } = await file.stat()
  return counted(input, file.createReadStream(), size)
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path)
    if ((await file.stat()).isFile()) return file
    await file.close()
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error))
  }
  throw unreadable(path, 'this is not a file')
}

const unreadable = (path: string, rule: string) =>
  new Refusal({ field: path, rule, remedy: 'Pass the path of a CSV file that can be read.' })

function counted(name: string, stream: Readable, totalBytes: number | null): ImportSource {
  let bytes = 0
  async function* chunks(): AsyncGenerator<Buffer | string> {
    for await (const chunk of stream as AsyncIterable<Buffer | string>) {
      bytes += Buffer.byteLength(chunk)
      yield chunk
    }
  }
  return { name, chunks: chunks(), bytesRead: () => bytes, totalBytes, close: () => void stream.destroy() }
}
