import type { OutgoingMessage } from '../channel.ts'
import { type DkimSigner, dkimSigner } from './dkim.ts'
import type { CheckedSender } from './sender.ts'

/** Signs a message and makes it ready for the wire. */
export type Seal = (to: string, headers: string, body: string) => OutgoingMessage | Promise<OutgoingMessage>

export function sealOf(sender: CheckedSender): Seal {
  const sign = sender.dkim === null ? unsigned : dkimSigner(sender.dkim)
  const senderIsAscii = isAscii(sender.fromAddress) && isAscii(sender.replyTo ?? '')
  return (to, headers, body) => {
    const signedBy = (signature: string): OutgoingMessage => {
      const raw = `${signature}${headers}\r\n${body}`
      // Of all that it holds only an address can be beyond ASCII, and needs SMTPUTF8 then (RFC 6532).
      return { from: sender.fromAddress, to, raw: senderIsAscii && isAscii(to) ? raw : Buffer.from(raw) }
    }
    const signature = sign(headers, body)
    return typeof signature === 'string' ? signedBy(signature) : signature.then(signedBy)
  }
}

const unsigned: DkimSigner = () => ''

const isAscii = (address: string): boolean => !/[^\0-\x7f]/.test(address)

/** Addresses are checked when they come in. This is the last gate before a header line and an SMTP command. */
export function refuseUnsafeAddress(address: string): void {
  const isSafe = /^[\p{L}\p{N}\p{M}.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$/u.test(address)
  if (!isSafe || Buffer.byteLength(address) > 254) throw new Error('no header can carry the address')
}
