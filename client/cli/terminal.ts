/** Where people read: lines that stay, and one line that changes. */
export interface Terminal {
  say: (line: string) => void
  /** Replaces the changing line; where there is no cursor to move, one line every two seconds at most is kept. */
  progress: (line: string) => void
}

export interface TextStream {
  isTTY?: boolean
  columns?: number
  write: (text: string) => unknown
}

const eraseLine = '\r\u001b[2K'
const plainLinesEveryMs = 2000

export function createTerminal(stream: TextStream, now: () => number = Date.now): Terminal {
  let changing = false
  let plain = { line: '', at: now() }
  const change = (line: string): void => {
    // A line that wraps cannot be erased.
    stream.write(eraseLine + line.slice(0, (stream.columns ?? 80) - 1))
    changing = true
  }
  const keep = (line: string): void => {
    if (line === plain.line || now() - plain.at < plainLinesEveryMs) return
    plain = { line, at: now() }
    stream.write(`${line}\n`)
  }
  return {
    say: (line) => {
      stream.write(`${changing ? eraseLine : ''}${line}\n`)
      changing = false
    },
    progress: (line) => (stream.isTTY === true ? change(line) : keep(line)),
  }
}
