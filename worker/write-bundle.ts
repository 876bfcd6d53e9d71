import { writeFile } from 'node:fs/promises'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { scriptPath } from './script-path.ts'

// Bundles the workflows into the file that is named: `node write-bundle.ts <file>`.

const [file = ''] = process.argv.slice(2)
const workflowsPath = scriptPath('../workflows/index.ts', import.meta.url)
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') })
await writeFile(file, code)
