import { domainToASCII } from 'node:url'

export type ParsedEmail =
  | {
      ok: true
      /** What goes into the envelope: the local part as written (NFC), the domain in ASCII (RFC 5890). */
      value: string
      /** What makes two addresses the same: lower case. Plus tags are kept; only their provider may drop them. */
      normalised: string
    }
  | { ok: false; rule: string }

/** RFC 5321 4.5.3.1: 64 octets before the @, 254 in all. */
const longestLocalPart = 64
const longestAddress = 254

/**
 * Reads an e-mail address as people write it: spaces around it, any case, an internationalised domain.
 * Quoted local parts and address literals (RFC 5321 4.1.2, 4.1.3) are refused: in a list of contacts they are
 * mistakes.
 */
export function parseEmail(written: string): ParsedEmail {
  const trimmed = written.trim().normalize('NFC')
  if (trimmed === '') return refused('the e-mail address is missing')
  const [local, domain, ...more] = trimmed.split('@')
  if (more.length > 0) return refused('an e-mail address has only one @')
  if (!local || !domain) return refused('an e-mail address has a name, an @ and a domain')
  const ascii = asciiDomain(domain)
  if (ascii === null) return refused('the part after the @ is no domain name')
  return checked(local, ascii)
}

const refused = (rule: string): ParsedEmail => ({ ok: false, rule })

function checked(local: string, domain: string): ParsedEmail {
  const value = `${local}@${domain}`
  if (Buffer.byteLength(local) > longestLocalPart) return refused('at most 64 bytes before the @')
  if (Buffer.byteLength(value) > longestAddress) return refused('at most 254 bytes in all')
  if (hasMisplacedDot(local)) return refused('a dot stands at an end of the name or next to another dot')
  if (!localPart.test(local)) return refused('the name holds a character that an e-mail address cannot hold')
  return { ok: true, value, normalised: value.toLowerCase().normalize('NFC') }
}

/**
 * Null unless it is a name with at least two labels (RFC 1123 2.1). The URL standard behind `domainToASCII` would
 * decode percent signs and read numbers as IPv4 addresses: neither is meant in mail.
 */
export function asciiDomain(written: string): string | null {
  if (written.includes('%')) return null
  const ascii = domainToASCII(written)
  return domainName.test(ascii) ? ascii : null
}

const hasMisplacedDot = (local: string): boolean => local.startsWith('.') || local.endsWith('.') || local.includes('..')

/** Labels of at most 63 characters; the last begins with a letter and has two or more. */
const domainName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/

/** The atoms of RFC 5322, and letters beyond ASCII as in RFC 6531. */
const localPart = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~.-]+$/u
