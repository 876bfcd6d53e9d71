import { DefaultLogger, Runtime } from '@temporalio/worker'

/** Once for each test file that runs workers: what they say in the ordinary course would drown the report. */
export const quietRuntime = (): Runtime => Runtime.install({ logger: new DefaultLogger('ERROR') })
