import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../domain/refusal.ts'
import { commandOf } from './process-command.ts'

/**
 * Makes the data folder ours alone. A lock whose holder is gone is ignored.
 * @returns the release.
 * @throws Refusal when another run has it, or when the folder cannot be written.
 */
export async function lockDataFolder(dataDir: string): Promise<() => void> {
  const path = join(dataDir, 'lock')
  try {
    await mkdir(dataDir, { recursive: true })
    dropStaleLock(path)
    // `wx`: of two that start in the same moment one fails here.
    writeFileSync(path, JSON.stringify({ pid: process.pid, command: commandOf(process.pid) }), { flag: 'wx' })
  } catch (error) {
    throw refusal(dataDir, path, error)
  }
  return () => rmSync(path, { force: true })
}

interface Holder {
  pid: number
  command: string
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return null
  }
}

function dropStaleLock(path: string): void {
  const holder = readHolder(path)
  if (holder === null || commandOf(holder.pid) !== holder.command) rmSync(path, { force: true })
}

function refusal(dataDir: string, path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EEXIST')
    return new Refusal({
      field: dataDir,
      rule: `is in use by another run (pid ${readHolder(path)?.pid ?? 'unknown'})`,
      remedy: 'Use that one, or stop it with Ctrl-C before you start again.',
    })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new Refusal({
      field: dataDir,
      rule: 'must be a folder that we may write to',
      remedy: 'It was probably made by another user: start as that user, or remove the folder.',
    })
  return error
}
