import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killLeftovers } from '../../dev/leftovers.ts'
import { findTemporal } from '../../dev/temporal-binary.ts'
import { startTemporalServer } from '../../dev/temporal-server.ts'
import { atEnd } from './at-end.ts'

/** A Temporal server of a test's own, to be hurt. Its file survives it. */
export interface OwnTemporal {
  temporalAddress: string
  /** `kill -9`. */
  kill: () => void
  /** On the same port and file. */
  restart: () => Promise<void>
}

export async function startOwnTemporal(): Promise<OwnTemporal> {
  const dataDir = await mkdtemp(join(tmpdir(), 'addressee-temporal-'))
  atEnd(() => rm(dataDir, { recursive: true, force: true }))
  const binary = await findTemporal({ say: (line) => process.stderr.write(`${line}\n`) })
  let running = await startTemporalServer({ binary, dataDir })
  atEnd(() => running.stop())
  const { address } = running
  return {
    temporalAddress: address,
    kill: () => killLeftovers(dataDir),
    restart: async () => {
      running = await startTemporalServer({ binary, dataDir, port: Number(address.split(':')[1]) })
    },
  }
}
