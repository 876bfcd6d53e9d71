import { createServer, type Socket } from 'node:net'
import { afterEach } from 'vitest'

/** How the server answers at one point of the dialogue. */
export type Step = (socket: Socket) => void
export const say =
  (...replies: string[]): Step =>
  (socket) =>
    void socket.write(`${replies.join('\r\n')}\r\n`)
export const drop: Step = (socket) => void socket.destroy()
export const hang: Step = () => {}
/** Exactly these bytes, and then the end of the connection. */
export const sayAndEnd =
  (bytes: string): Step =>
  (socket) =>
    void socket.end(bytes)
/** The same bytes in pieces of this many, each in a segment of its own. */
export const sayInPieces =
  (bytes: string, length: number): Step =>
  (socket) => {
    const [now, later] = [bytes.slice(0, length), bytes.slice(length)]
    if (now === '') return
    socket.write(now, () => setImmediate(() => sayInPieces(later, length)(socket)))
  }

/** `message` answers the dot that ends it. */
type Point = 'greeting' | 'EHLO' | 'HELO' | 'AUTH' | 'STARTTLS' | 'MAIL' | 'RCPT' | 'DATA' | 'message' | 'RSET' | 'QUIT'
export type Script = Partial<Record<Point, Step>>

const friendly: Record<Point, Step> = {
  greeting: say('220 test.example.com ESMTP'),
  EHLO: say('250-test.example.com', '250 ENHANCEDSTATUSCODES'),
  HELO: say('250 test.example.com'),
  AUTH: say('235 2.7.0 welcome'),
  STARTTLS: say('220 go ahead'),
  MAIL: say('250 2.1.0 ok'),
  RCPT: say('250 2.1.5 ok'),
  DATA: say('354 go on'),
  message: say('250 2.0.0 Ok: queued as 4WfXyZ1'),
  RSET: say('250 2.0.0 ok'),
  QUIT: sayAndEnd('221 2.0.0 bye\r\n'),
}

export interface ScriptedServer {
  port: number
  url: string
  /** Every command of every connection, in order. */
  commands: string[]
  /** Every message whose dot arrived, as sent (dots still stuffed). */
  messages: string[]
  connections: () => number
  /** Answers otherwise from now on. */
  change: (script: Script) => void
  /** Does this to every open connection. */
  onEach: (step: Step) => void
}

/** An SMTP server that does, at each point, what a test wants. Stops after the test. */
export async function startScriptedSmtp(first: Script = {}): Promise<ScriptedServer> {
  let script = { ...friendly, ...first }
  let connections = 0
  const sockets = new Set<Socket>()
  const commands: string[] = []
  const messages: string[] = []
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket.setNoDelay())
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    script.greeting(socket)
    readDialogue(socket, {
      command: (line) => {
        commands.push(line)
        const point = line.split(/[ :]/, 1)[0]?.toUpperCase() as Point
        script[point](socket)
        return point === 'DATA'
      },
      message: (text) => {
        messages.push(text)
        script.message(socket)
      },
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    commands,
    messages,
    connections: () => connections,
    change: (next) => {
      script = { ...script, ...next }
    },
    onEach: (step) => {
      for (const socket of sockets) step(socket)
    },
  }
}

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

interface Listener {
  /** True: a message follows, up to its dot. */
  command: (line: string) => boolean
  message: (text: string) => void
}

function readDialogue(socket: Socket, listener: Listener): void {
  let buffered = ''
  let inMessage = false
  const next = (): string | null => {
    // A message may be nothing but its dot.
    if (inMessage && buffered.startsWith('.\r\n')) return take(0, 3)
    const end = inMessage ? '\r\n.\r\n' : '\r\n'
    const at = buffered.indexOf(end)
    return at === -1 ? null : take(at, at + end.length)
  }
  const take = (textEnd: number, end: number): string => {
    const text = buffered.slice(0, textEnd)
    buffered = buffered.slice(end)
    return text
  }
  socket.on('data', (bytes) => {
    buffered += bytes.toString('latin1')
    for (let text = next(); text !== null; text = next()) {
      if (inMessage) {
        inMessage = false
        listener.message(text)
      } else inMessage = listener.command(text)
    }
  })
}
