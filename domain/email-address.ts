import { domainToASCII } from 'node:url'
import { z } from 'zod'

export type ParsedEmail =
  | {
      ok: true
      /** What goes into the envelope: the local part as written, the domain in ASCII (RFC 5890). */
      value: string
      /** What makes two addresses the same: lower case. Plus tags are kept; only their provider may drop them. */
      normalised: string
    }
  | { ok: false; rule: string }

/** RFC 5321 4.5.3.1: 64 octets before the @, 254 in all. */
const longestLocalPart = 64
const longestAddress = 254

/** Reads an e-mail address as people write it: spaces around it, any case, an internationalised domain. */
export function parseEmail(written: string): ParsedEmail {
  const trimmed = written.trim()
  const at = trimmed.lastIndexOf('@')
  if (at < 1) return { ok: false, rule: 'an e-mail address has a name, an @ and a domain' }
  const local = trimmed.slice(0, at)
  const domain = domainToASCII(trimmed.slice(at + 1))
  if (domain === '' || !domain.includes('.')) return { ok: false, rule: 'the part after the @ is no domain name' }
  if (Buffer.byteLength(local) > longestLocalPart) return { ok: false, rule: 'at most 64 bytes before the @' }
  const value = `${local}@${domain}`
  if (Buffer.byteLength(value) > longestAddress) return { ok: false, rule: 'at most 254 bytes in all' }
  if (!isLocalPart(local) || !z.regexes.email.test(`a@${domain}`))
    return { ok: false, rule: 'a character that an e-mail address cannot hold, or dots in the wrong place' }
  return { ok: true, value, normalised: value.toLowerCase().normalize('NFC') }
}

/** An atom of RFC 5322, or of RFC 6531 when it holds letters beyond ASCII. Quoted local parts are refused. */
const isLocalPart = (local: string): boolean =>
  /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u.test(local)
