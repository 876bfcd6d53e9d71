import { TestWorkflowEnvironment } from '@temporalio/testing'
import { temporalVersion } from './temporal-version.ts'

// The SDK downloads only on the way to starting a server: so it starts one, and stops it.
const downloadDir = process.argv[2] ?? ''
try {
  const executable = { type: 'cached-download', downloadDir, version: temporalVersion } as const
  const server = await TestWorkflowEnvironment.createLocal({ server: { executable } })
  await server.teardown()
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}
