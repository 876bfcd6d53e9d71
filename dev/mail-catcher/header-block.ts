const endOfHeaders = Buffer.from('\r\n\r\n')

/** A header block can be as long as the message: what lists and searches need stands in the first part of it. */
const longestBlock = 64 * 1024

/** The header block of a raw message, as text, without parsing anything behind it. */
export function headerBlock(raw: Buffer): string {
  const end = raw.subarray(0, longestBlock).indexOf(endOfHeaders)
  return raw.toString('utf8', 0, end === -1 ? Math.min(raw.length, longestBlock) : end)
}

/** The first field of this name, unfolded (RFC 5322, 2.2.3), its encoded words left as they are; '' when absent. */
export function headerValue(block: string, name: string): string {
  const lines = block.split('\r\n')
  const start = lines.findIndex((line) => line.slice(0, name.length + 1).toLowerCase() === `${name.toLowerCase()}:`)
  if (start === -1) return ''
  const rest = lines.slice(start + 1)
  const end = rest.findIndex((line) => !/^[ \t]/.test(line))
  const folded = rest.slice(0, end === -1 ? rest.length : end)
  return [lines[start]?.slice(name.length + 1) ?? '', ...folded].join('').trim()
}
