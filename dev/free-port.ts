import { createServer } from 'node:net'

/** A port of loopback that nobody listens on: the preferred one, or any that the system gives. */
export async function freePort(preferred = 0): Promise<number> {
  try {
    return await tryPort(preferred)
  } catch (error) {
    if (preferred === 0) throw error
    return tryPort(0)
  }
}

function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}
