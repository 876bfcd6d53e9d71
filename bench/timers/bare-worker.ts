import { fileURLToPath } from 'node:url'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'

// A Worker for the floor's workflows, in a process of its own as the product's is. It tells its parent how many
// milliseconds late each of them woke up, and ends by SIGTERM.
// `bare-worker.ts <address> <namespace> <task queue>`

const [address = '', namespace = '', taskQueue = ''] = process.argv.slice(2)

const activities = {
  async note({ dueAt }: { dueAt: number }): Promise<void> {
    process.send?.({ dueAt, late: Date.now() - dueAt })
  },
}
export type NoteActivities = typeof activities

Runtime.install({ logger: new DefaultLogger('WARN') })
const connection = await NativeConnection.connect({ address })
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue,
  activities,
  workflowsPath: fileURLToPath(new URL('sleep-workflow.ts', import.meta.url)),
  // As many as the product keeps.
  maxCachedWorkflows: 500,
})
process.on('disconnect', () => process.exit())
process.send?.({ port: 0 })
await worker.run()
process.exit()
