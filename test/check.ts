import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { findTemporal } from '../dev/temporal-binary.ts'

// `npm test`: format, lint, types, then every test. What follows `--` goes to vitest: npm test -- test/unit

interface Step {
  title: string
  command: string
  args: string[]
}

const project = fileURLToPath(new URL('..', import.meta.url))
const reportFile = `${project}reports/vitest.json`

const staticSteps: Step[] = [
  { title: 'format', command: 'biome', args: ['ci', '--colors=off', '.'] },
  { title: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { title: 'types', command: 'tsc', args: [] },
]

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const secondsSince = (start: number) => ((performance.now() - start) / 1000).toFixed(1)

async function main(vitestArgs: string[]): Promise<number> {
  let passed = 0
  for (const step of staticSteps) {
    // The later steps would repeat what this one says, less clearly.
    if (!(await isClean(step))) return finish(passed, 1)
    passed += 1
  }
  const temporal = await findTemporal({ say })
  const counts = await runVitest(vitestArgs, temporal)
  return finish(passed + counts.passed, counts.failed)
}

function finish(passed: number, failed: number): number {
  say(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

async function isClean({ title, command, args }: Step): Promise<boolean> {
  const start = performance.now()
  say(`${title}: ${[command, ...args].join(' ')}`)
  const child = spawn(command, args, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = await once(child, 'close')
  if (code !== 0) say(output)
  say(`${title}: ${code === 0 ? 'ok' : 'FAILED'} after ${secondsSince(start)} s`)
  return code === 0
}

async function runVitest(extra: string[], temporal: string): Promise<{ passed: number; failed: number }> {
  const start = performance.now()
  await rm(reportFile, { force: true })
  await mkdir(`${project}reports`, { recursive: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  const env = { ...process.env, TEMPORAL_CLI: temporal }
  const child = spawn('vitest', ['run', ...reporters, ...extra], { cwd: project, env, stdio: 'inherit' })
  const [code] = await once(child, 'close')
  say(`tests: ${code === 0 ? 'ok' : 'FAILED'} after ${secondsSince(start)} s`)
  return countsOf(await readFile(reportFile, 'utf8').catch(() => '{}'), code === 0)
}

/** A run can fail without a failed test (an error outside of all, no test found): that counts as one. */
function countsOf(report: string, ok: boolean): { passed: number; failed: number } {
  const { numPassedTests = 0, numFailedTests = 0 } = JSON.parse(report) as Record<string, number>
  return { passed: numPassedTests, failed: ok ? numFailedTests : Math.max(numFailedTests, 1) }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  say((error as Error).message)
  process.exitCode = finish(0, 1)
}
