import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd } from './at-end.ts'

export interface ConnectWatch {
  /** For the process that is to be watched. */
  env: Record<string, string>
  /** Connections to the port that it asked for so far, refused ones included. */
  count: () => Promise<number>
}

/** Whom nobody listens to cannot count who calls: the caller itself writes it down. */
export async function watchConnects(port: number): Promise<ConnectWatch> {
  const folder = await mkdtemp(join(tmpdir(), 'addressee-connects-'))
  atEnd(() => rm(folder, { recursive: true }))
  const file = join(folder, 'connects')
  const preload = new URL('preload-connects.ts', import.meta.url)
  return {
    env: { NODE_OPTIONS: `--import ${preload.href}`, CONNECTS_FILE: file },
    count: async () =>
      (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line === `${port}`).length,
  }
}
