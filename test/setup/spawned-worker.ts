import { createCommand, type RunningCommand } from '../cli/command.ts'
import { eventually } from './eventually.ts'
import type { Installation } from './installation.ts'

export const publicUrl = 'https://mail.acme.example'
export const secret = 'a secret of the tests'

/** `addressee` as a process, on this installation. */
export const commandFor = (installation: Installation, smtpUrl: string) =>
  createCommand({
    DATABASE_URL: installation.databaseUrl,
    TEMPORAL_ADDRESS: installation.temporalAddress,
    TEMPORAL_NAMESPACE: installation.namespace,
    SMTP_URL: smtpUrl,
    ADDRESSEE_PUBLIC_URL: publicUrl,
    ADDRESSEE_SECRET: secret,
  })

/** Starts `addressee worker` and waits until it works. */
export async function startWorker(
  command: ReturnType<typeof createCommand>,
  env: Record<string, string> = {},
): Promise<RunningCommand> {
  const worker = command.start(['worker'], { env })
  // It bundles the workflows first: seconds, and more of them beside other tests.
  await eventually(() => {
    if (!worker.stdout().includes('worker started')) throw new Error(`no worker yet: ${worker.stdout()}`)
  }, 50_000)
  return worker
}
