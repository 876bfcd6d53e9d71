import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
import type { Socket } from 'node:net'

// Loaded before a process's own code (`node --import`): writes down the port of every connection that it asks for.

const file = process.env['CONNECTS_FILE']

subscribe('net.client.socket', (message) => {
  const { socket } = message as { socket: Socket }
  socket.on('connectionAttempt', (_address, port) => {
    if (file !== undefined) appendFileSync(file, `${port}\n`)
  })
})
