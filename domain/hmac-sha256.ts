import { hash } from 'node:crypto'

// What SHA-256 takes at a time, and what it gives (FIPS 180-4).
const blockBytes = 64
const digestBytes = 32

/** The code of a message: 32 bytes, one character each. */
export type MacWriter = (message: Uint8Array) => string

/**
 * HMAC-SHA-256 (RFC 2104) for many messages of one length, as two hashes over blocks in which the key stands already.
 * `createHmac` gives the same, and makes an object for each message that costs three times as much as the hashes.
 * @param key at most 64 bytes. @param messageBytes the length of every message.
 */
export function hmacSha256(key: Uint8Array, messageBytes: number): MacWriter {
  const inner = keyBlock(key, 0x36, messageBytes)
  const outer = keyBlock(key, 0x5c, digestBytes)
  return (message) => {
    inner.set(message, blockBytes)
    outer.write(hash('sha256', inner, 'binary'), blockBytes, 'latin1')
    return hash('sha256', outer, 'binary')
  }
}

/** The padded key, and behind it room for what is hashed with it. */
function keyBlock(key: Uint8Array, pad: number, room: number): Buffer {
  if (key.length > blockBytes) throw new Error('a longer key would have to be hashed first')
  const block = Buffer.alloc(blockBytes + room)
  for (let at = 0; at < blockBytes; at += 1) block[at] = (key[at] ?? 0) ^ pad
  return block
}
