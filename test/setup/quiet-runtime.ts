import { DefaultLogger, Runtime } from '@temporalio/worker'

let runtime: Runtime | null = null

/** For a test file that runs workers: what they say in the ordinary course would drown the report. */
export function quietRuntime(): Runtime {
  runtime ??= Runtime.install({ logger: new DefaultLogger('ERROR') })
  return runtime
}
