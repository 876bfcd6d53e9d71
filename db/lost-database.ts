/** What the driver and the server say when a connection that was there is gone. */
const lostConnection = [
  'ECONNREFUSED',
  'ECONNRESET',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
]
const serverStops = ['57P01', '57P02', '57P03']

/** Whether PostgreSQL has gone away: what failed may succeed when it is back. */
export const isLostDatabase = (error: unknown): error is Error =>
  error instanceof Error && [...lostConnection, ...serverStops].includes(String(Reflect.get(error, 'code')))
