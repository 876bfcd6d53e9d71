#!/usr/bin/env node
import { loadEnvFile } from './env-file.ts'
import { endingOf } from './exit.ts'
import { notice } from './output.ts'
import { createProgram } from './program.ts'

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const program = createProgram()
try {
  loadEnvFile()
  await program.parseAsync()
} catch (error) {
  const { code, lines } = endingOf(error, { debug: program.opts()['debug'] === true })
  for (const line of lines) notice(line)
  // What was open when it failed, Temporal's native runtime for one, must not keep the process.
  process.exit(code)
}
