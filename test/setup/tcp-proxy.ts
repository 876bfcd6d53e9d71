import { connect, createServer, type Socket } from 'node:net'
import { atEnd } from './at-end.ts'

/** A piece of network between a process and a server, to be cut. */
export interface TcpProxy {
  port: number
  /** Ends what is open and refuses what comes. */
  refuse: () => Promise<void>
  /** Everything stays open, and not a byte comes through. */
  fallSilent: () => void
  mend: () => Promise<void>
}

/** In front of a port of this machine. Closed when the test file is done. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isSilent = false
  const keep = (socket: Socket): void => {
    sockets.add(socket.setNoDelay())
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket))
    if (isSilent) socket.pause()
  }
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    client.pipe(target).pipe(client)
    client.once('close', () => target.destroy())
    target.once('close', () => client.destroy())
    keep(client)
    keep(target)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as { port: number }
  const refuse = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  atEnd(refuse)
  return {
    port,
    refuse,
    fallSilent: () => {
      isSilent = true
      for (const socket of sockets) socket.pause()
    },
    mend: async () => {
      isSilent = false
      for (const socket of sockets) socket.resume()
      if (!server.listening) await listen(port)
    },
  }
}
