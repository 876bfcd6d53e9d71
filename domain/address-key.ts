import { createHmac } from 'node:crypto'

/** Makes the 16 bytes by which an address is recognised without being readable. */
export type AddressKeyOf = (channel: string, normalised: string) => Buffer

/**
 * Suppressions, refusals and duplicates are matched by this key, so that they outlive the contact that held
 * the address.
 * @param pepper the installation's own, from the table `installation`.
 */
export const addressKeys =
  (pepper: Buffer): AddressKeyOf =>
  (channel, normalised) =>
    // NUL cannot occur in a channel's name: no two pairs run into the same text.
    createHmac('sha256', pepper).update(`${channel}\0${normalised}`).digest().subarray(0, 16)
