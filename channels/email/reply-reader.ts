/** @param code 0 when the line is no SMTP reply. @param text all lines of it. */
export type OnReply = (code: number, text: string) => void

export interface ReplyReader {
  /** Takes bytes as they come, one character each, and calls back for every reply that they complete. */
  read: (bytes: string) => void
  /** What has come of a reply that is not complete. */
  rest: () => string
}

// No server says this much in one reply; one that never ends its reply must not fill the memory.
const longestReply = 65_536

/** Reads SMTP replies (RFC 5321 4.2): split at any byte, many at once, of several lines. */
export function createReplyReader(onReply: OnReply): ReplyReader {
  let text = ''
  let lineStart = 0
  return {
    read: (bytes) => {
      let unread = text.length
      let replyStart = 0
      text += bytes
      for (let end = text.indexOf('\n', unread); end !== -1; end = text.indexOf('\n', unread)) {
        const code = codeAt(text, lineStart)
        const isLast = code === 0 || text.charCodeAt(lineStart + 3) !== hyphen
        lineStart = end + 1
        unread = lineStart
        if (!isLast) continue
        const reply = text.slice(replyStart, text.charCodeAt(end - 1) === carriageReturn ? end - 1 : end)
        replyStart = lineStart
        if (reply !== '') onReply(code, decoded(reply))
      }
      text = replyStart === text.length ? '' : text.slice(replyStart)
      lineStart -= replyStart
      if (text.length > longestReply) onReply(0, 'The reply does not end')
    },
    rest: () => decoded(text),
  }
}

const carriageReturn = 0x0d
const hyphen = 0x2d

/** Replies have no charset; most servers that go beyond ASCII mean UTF-8. */
function decoded(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes
  const text = Buffer.from(bytes, 'latin1').toString()
  return text.includes('\ufffd') ? bytes : text
}

/** The three digits that a reply begins with, the first of them 2 to 5. */
function codeAt(text: string, start: number): number {
  const first = digitAt(text, start)
  const code = 100 * first + 10 * digitAt(text, start + 1) + digitAt(text, start + 2)
  return first >= 2 && first <= 5 && code > 0 ? code : 0
}

/** So far below zero when it is none that no code comes of it. */
function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 0x30
  return digit >= 0 && digit <= 9 ? digit : -1_000
}
