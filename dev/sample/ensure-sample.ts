import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateSample } from './generate.ts'

/**
 * The sample as a file, written on first use.
 * @returns its path within the folder.
 */
export async function ensureSample(folder: string): Promise<string> {
  const path = join(folder, 'contacts.csv')
  if (existsSync(path)) return path
  await mkdir(folder, { recursive: true })
  // Renamed when whole: who is interrupted here does not leave half a file for the next start.
  const unfinished = `${path}.${process.pid}`
  await writeFile(unfinished, generateSample().csv)
  await rename(unfinished, path)
  return path
}
