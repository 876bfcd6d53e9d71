import { createServer, type Socket } from 'node:net'
import { afterEach } from 'vitest'

/** How the server answers at one point of the dialogue. Tells what it said when that decides how the dialogue goes on. */
export type Step = (socket: Socket) => string | void
export const say =
  (...replies: string[]): Step =>
  (socket) => {
    const bytes = `${replies.join('\r\n')}\r\n`
    socket.write(bytes)
    return bytes
  }
export const drop: Step = (socket) => void socket.destroy()
/** Goes on without an answer of its own. */
export const quiet: Step = () => {}
/** Answers this and whatever comes after it no more. */
export const hang: Step = (socket) => void hanging.set(socket, () => {})
/** Takes a while over its answer, and over what comes after it. */
export const later =
  (step: Step): Step =>
  (socket) => {
    hang(socket)
    setTimeout(() => {
      const goOn = hanging.get(socket)
      hanging.delete(socket)
      step(socket)
      goOn?.()
    }, 20)
  }

/** Connections that are not read, and how to read on. */
const hanging = new WeakMap<Socket, () => void>()

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

/** One step after the other, each time that the dialogue comes to the point; then the last one. */
export const inTurn = (...steps: [Step, ...Step[]]): Step => {
  let turn = 0
  return (socket) => steps[Math.min(turn++, steps.length - 1)]?.(socket)
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

/** The two dialogues that a server may ask for: every test of what becomes of messages holds for both. */
export const dialogues: [string, Script][] = [
  ['step by step', {}],
  ['with PIPELINING', { EHLO: say('250-test.example.com', '250 PIPELINING') }],
]

export interface ScriptedServer {
  port: number
  url: string
  /** Every command of every connection, in order. */
  commands: string[]
  /** What came at once, each time that something came. */
  chunks: string[]
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
  const chunks: string[] = []
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket.setNoDelay())
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => chunks.push(bytes.toString('latin1')))
    script.greeting(socket)
    readDialogue(socket, {
      command: (line) => {
        commands.push(line)
        const point = line.split(/[ :]/, 1)[0]?.toUpperCase() as Point
        const said = script[point](socket)
        return point === 'DATA' && !/^[45]/.test(said ?? '')
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
    chunks,
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
  const isListening = (): boolean => !hanging.has(socket) && !socket.writableEnded && !socket.destroyed
  const goOn = (): void => {
    for (let text = isListening() ? next() : null; text !== null; text = isListening() ? next() : null) {
      if (inMessage) {
        inMessage = false
        listener.message(text)
      } else inMessage = listener.command(text)
    }
    if (hanging.has(socket)) hanging.set(socket, goOn)
  }
  socket.on('data', (bytes) => {
    buffered += bytes.toString('latin1')
    goOn()
  })
}
