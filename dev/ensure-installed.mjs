// Runs before `npm start` and `npm test`, with whatever Node the machine has (20 and later) and nothing installed.
// It installs what package-lock.json says; among that is the Node that everything else runs with.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(project, 'node_modules')
const npmsList = join(modules, '.package-lock.json')
const stamp = join(modules, '.addressee-installed')
const wanted = createHash('sha256')
  .update(readFileSync(join(project, 'package-lock.json')))
  .digest('hex')
const oldestNode = [22, 18]

const say = (line) => process.stderr.write(`${line}\n`)

const reason = whyInstall()
if (reason !== null) install(reason)
requireNode()

/** null: what is installed is what package-lock.json says. */
function whyInstall() {
  if (!existsSync(modules)) return 'this is the first start here'
  // npm writes its list last: without it an install was interrupted.
  if (!existsSync(npmsList)) return 'an earlier installation did not finish'
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === wanted ? null : 'package-lock.json has changed'
  return matchesNpmsList() ? null : 'node_modules is not what package-lock.json says'
}

/** For who ran `npm ci` or `npm install` without us: npm's own list names the same version of every package. */
function matchesNpmsList() {
  const locked = packagesOf(join(project, 'package-lock.json'))
  const installed = packagesOf(npmsList)
  const same = Object.entries(locked).every(([path, { version, optional, os, cpu }]) => {
    // What is made for another platform is left out.
    if (path === '' || ((optional || os || cpu) && installed[path] === undefined)) return true
    return installed[path]?.version === version
  })
  if (same) writeFileSync(stamp, wanted)
  return same
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

function install(why) {
  say(`Installing packages with npm ci: ${why}. The first time this takes about a minute.`)
  // Set here, not inherited: `npm start --silent` would hide the reason of a failure, and only that.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env.npm_execpath
  const windows = process.platform === 'win32'
  const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]]
  const options = { cwd: project, stdio: ['inherit', 2, 2], shell: windows && npm === undefined }
  const { status, signal, error } = spawnSync(command, [...first, ...args], options)
  if (status === 0) return writeFileSync(stamp, wanted)
  say(`npm ci failed (${error?.message ?? signal ?? `exit code ${status}`}): what it said stands above.`)
  say('Mend that (is the package registry reachable, is the disk full?), then run the same command again.')
  process.exit(status ?? 1)
}

/** The scripts that follow find node_modules/.bin/node first on the PATH; without it they get the machine's. */
function requireNode() {
  const { stdout } = spawnSync('node', ['--version'], { encoding: 'utf8', env: withModulesFirst() })
  const [major = 0, minor = 0] = (stdout ?? '').replace('v', '').split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return
  say(
    `The node that runs next is ${(stdout ?? '').trim() || 'missing'}, and ${oldestNode.join('.')} is the oldest that works.`,
  )
  say('node_modules should hold a newer one: remove the folder node_modules, then run the same command again.')
  process.exit(69)
}

function withModulesFirst() {
  const separator = process.platform === 'win32' ? ';' : ':'
  return { ...process.env, PATH: `${join(modules, '.bin')}${separator}${process.env.PATH ?? ''}` }
}
