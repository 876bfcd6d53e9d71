import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

// The script runs in a project of its own, with an npm that does what the test says.

let project: string
const script = fileURLToPath(new URL('../../dev/ensure-installed.mjs', import.meta.url))

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'addressee-install-'))
  await mkdir(join(project, 'dev'))
  await copyFile(script, join(project, 'dev', 'ensure-installed.mjs'))
  await lock({ 'node_modules/a': { version: '1.0.0' } })
  await npmDoes(`
    const { mkdirSync, copyFileSync } = require('node:fs')
    console.log('npm ' + process.argv.slice(2).join(' '))
    mkdirSync('node_modules', { recursive: true })
    copyFileSync('package-lock.json', 'node_modules/.package-lock.json')`)
})
afterEach(() => rm(project, { recursive: true, force: true }))

const lock = (packages: object) => writeFile(join(project, 'package-lock.json'), JSON.stringify({ packages }))
const npmDoes = (source: string) => writeFile(join(project, 'npm.cjs'), source)

function ensureInstalled(): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, npm_execpath: join(project, 'npm.cjs') }
  const args = [join(project, 'dev', 'ensure-installed.mjs')]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, cwd: tmpdir(), encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('installs on the first start, says so on stderr, and is silent from then on', () => {
  const first = ensureInstalled()
  expect(first).toMatchObject({ status: 0, stdout: '' })
  expect(first.stderr).toContain('Installing packages with npm ci: this is the first start here.')
  expect(first.stderr).toMatch(/^npm ci .*--loglevel=error$/m)
  expect(ensureInstalled()).toEqual({ status: 0, stdout: '', stderr: '' })
})

test('installs again when package-lock.json has changed, or an installation was interrupted', async () => {
  ensureInstalled()
  await lock({ 'node_modules/a': { version: '1.0.1' } })
  expect(ensureInstalled().stderr).toContain('npm ci: package-lock.json has changed.')
  await rm(join(project, 'node_modules', '.package-lock.json'))
  expect(ensureInstalled().stderr).toContain('npm ci: an earlier installation did not finish.')
})

test('takes what somebody installed by hand, if it is what package-lock.json says', async () => {
  await mkdir(join(project, 'node_modules'))
  const installed = join(project, 'node_modules', '.package-lock.json')
  await writeFile(installed, JSON.stringify({ packages: { 'node_modules/a': { version: '0.9.0' } } }))
  expect(ensureInstalled().stderr).toContain('npm ci: node_modules is not what package-lock.json says.')
  await rm(join(project, 'node_modules', '.addressee-installed'))
  expect(ensureInstalled()).toEqual({ status: 0, stdout: '', stderr: '' })
})

test("ends with npm's own exit code and a sentence when it fails", async () => {
  await npmDoes("console.error('no such registry'); process.exit(7)")
  const { status, stderr } = ensureInstalled()
  expect(status).toBe(7)
  expect(stderr).toContain('no such registry\nnpm ci failed (exit code 7): what it said stands above.')
  expect(ensureInstalled().status).toBe(7)
})

test('says so when the node that runs next is too old', async () => {
  const bin = join(project, 'node_modules', '.bin')
  ensureInstalled()
  await mkdir(bin)
  await writeFile(join(bin, 'node'), '#!/bin/sh\necho v22.17.1\n', { mode: 0o755 })
  const { status, stderr } = ensureInstalled()
  expect(status).toBe(69)
  expect(stderr).toContain('The node that runs next is v22.17.1, and 22.18 is the oldest that works.')
  await writeFile(join(bin, 'node'), '#!/bin/sh\necho v22.18.0\n', { mode: 0o755 })
  expect(ensureInstalled().status).toBe(0)
})
