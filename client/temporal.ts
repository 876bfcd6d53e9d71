import { Client, Connection } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { Unavailable } from '../domain/refusal.ts'

export interface TemporalOptions {
  /** `host:port`; by default Temporal's own environment configuration decides. */
  address?: string
  namespace?: string
}

/** A connection to Temporal that is made when it is needed first: reading campaigns needs none. */
export interface LazyTemporal {
  get: () => Promise<Client>
  close: () => Promise<void>
}

export function createLazyTemporal(options: TemporalOptions): LazyTemporal {
  let connecting: Promise<Client> | null = null
  const connect = async (): Promise<Client> => {
    const { connectionOptions, namespace } = loadClientConnectConfig()
    const address = options.address ?? connectionOptions.address ?? 'localhost:7233'
    const connection = await Connection.connect({ ...connectionOptions, address, connectTimeout: 5000 }).catch(
      (error: unknown) => {
        throw unreachable(address, error)
      },
    )
    return new Client({ connection, namespace: options.namespace ?? namespace ?? 'default' })
  }
  return {
    get: () => {
      connecting ??= connect().catch((error: unknown) => {
        // The next call tries anew.
        connecting = null
        throw error
      })
      return connecting
    },
    close: async () => {
      const client = await connecting?.catch(() => null)
      await client?.connection.close()
    },
  }
}

const unreachable = (address: string, cause: unknown): Unavailable =>
  new Unavailable(
    `Temporal does not answer at ${address}`,
    'Check TEMPORAL_ADDRESS and that the server runs; then repeat the command: it picks up where it stopped.',
    cause,
  )
