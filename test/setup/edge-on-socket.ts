import type { Logger } from 'pino'
import { type RunningHttp, startHttp } from '../../http/main.ts'
import { atEnd } from './at-end.ts'
import { recordingLog } from './http-app.ts'
import { secret } from './unsubscribe-seed.ts'

/** `addressee http` on a free port, with Temporal away. Closed when the test file is done. */
export async function startEdge(databaseUrl: string, log: Logger = recordingLog().log): Promise<RunningHttp> {
  const http = await startHttp(
    {
      databaseUrl,
      secrets: [secret],
      listen: { host: '127.0.0.1', port: 0 },
      trustedProxies: [],
      temporal: { address: '127.0.0.1:1' },
      logLevel: 'info',
    },
    log,
  )
  atEnd(() => http.close())
  return http
}
