import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lockDataFolder } from '../../dev/data-lock.ts'
import { stopLeftovers } from '../../dev/leftovers.ts'
import { commandOf } from '../../dev/process-command.ts'
import { logHolds, startProcess, untilReady } from '../../dev/processes.ts'
import { Refusal } from '../../domain/refusal.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'addressee-processes-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const start = (script: string) =>
  startProcess({ name: 'thing', command: process.execPath, args: ['-e', script], folder })
const pidOf = (): number => JSON.parse(readFileSync(join(folder, 'thing.pid'), 'utf8')).pid

const staysUp = "console.log('up'); setInterval(() => {}, 1000)"
const ignoresTerm = `process.on('SIGTERM', () => console.log('no')); ${staysUp}`

describe('a process of ours', () => {
  test('is ready when its log says so, and ends when asked; asking again is harmless', async () => {
    const thing = await start(staysUp)
    await untilReady(thing, logHolds(thing, 'up\n'))
    const pid = pidOf()
    expect(thing.hasEnded()).toBe(false)
    await thing.stop()
    await thing.stop()
    expect([thing.hasEnded(), commandOf(pid), existsSync(join(folder, 'thing.pid'))]).toEqual([true, null, false])
  })

  test('that does not listen is ended by force', async () => {
    const thing = await start(ignoresTerm)
    await untilReady(thing, logHolds(thing, 'up\n'))
    await thing.stop(100)
    expect(thing.hasEnded()).toBe(true)
    expect(readFileSync(thing.logFile, 'utf8')).toBe('up\nno\n')
  })

  test('that ends by itself is reported with the end of its log', async () => {
    const thing = await start("console.log('first'); console.error('the reason'); process.exit(3)")
    const error = await thing.unexpectedEnd
    expect(error.message).toBe(`thing ended (exit code 3). The end of ${thing.logFile}:\nfirst\nthe reason`)
    await expect(untilReady(thing, async () => false)).rejects.toThrow('thing ended before it was ready')
  })

  test('that is not there is named', async () => {
    const spec = { name: 'thing', command: join(folder, 'nothing'), args: [], folder }
    await expect(startProcess(spec)).rejects.toThrow(/^thing could not be started: spawn .*nothing ENOENT$/)
  })

  test('that is never ready is given up after the limit', async () => {
    const thing = await start(staysUp)
    await expect(untilReady(thing, async () => false, { limitMs: 100 })).rejects.toThrow('was not ready after 0.1 s')
    await thing.stop()
  })
})

describe('what a killed run left behind', () => {
  test('is stopped', async () => {
    const thing = await start(staysUp)
    const pid = pidOf()
    const said: string[] = []
    await stopLeftovers(folder, (line) => said.push(line))
    expect(commandOf(pid)).toBeNull()
    expect(said).toEqual([`stopping thing (pid ${pid}), left behind by a run that was killed`])
    await thing.stop()
  })

  test('is left alone when the id belongs to somebody else by now', async () => {
    const stranger = { pid: process.pid, command: 'some other command', stopSignal: 'SIGKILL' }
    await writeFile(join(folder, 'thing.pid'), JSON.stringify(stranger))
    await writeFile(join(folder, 'torn.pid'), '{"pid":1')
    const said: string[] = []
    await stopLeftovers(folder, (line) => said.push(line))
    expect(said).toEqual([])
    expect(existsSync(join(folder, 'thing.pid'))).toBe(false)
  })
})

describe('the data folder', () => {
  test('belongs to one run at a time', async () => {
    const release = await lockDataFolder(folder)
    await expect(lockDataFolder(folder)).rejects.toThrow(
      new Refusal({
        field: folder,
        rule: `is in use by another run (pid ${process.pid})`,
        remedy: 'Use that one, or stop it with Ctrl-C before you start again.',
      }),
    )
    release()
    const again = await lockDataFolder(folder)
    again()
  })

  test('is not kept from us by a run that is gone', async () => {
    await writeFile(join(folder, 'lock'), JSON.stringify({ pid: process.pid, command: 'an earlier owner of this id' }))
    const release = await lockDataFolder(folder)
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')).command).toBe(commandOf(process.pid))
    release()
  })
})
