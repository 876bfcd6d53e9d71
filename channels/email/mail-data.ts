/**
 * What follows the server's 354: the message with its dots stuffed (RFC 5321 4.5.2), and the dot that ends it. One
 * character for each byte on the wire.
 */
export function mailDataOf(raw: Buffer | string): string {
  const text = typeof raw === 'string' ? raw : raw.toString('latin1')
  // Also after a line feed alone: some servers take it for a line end, and the next line for a command.
  const stuffed = text.startsWith('.') || text.includes('\n.') ? text.replaceAll(/(^|\n)\./g, '$1..') : text
  return stuffed.endsWith('\r\n') ? `${stuffed}.\r\n` : `${stuffed}\r\n.\r\n`
}
