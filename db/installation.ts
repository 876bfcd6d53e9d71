import { type AddressKeyOf, addressKeys } from '../domain/address-key.ts'
import type { Db } from './connect.ts'

/** The maker of address keys of this installation. Load it once for each process or import. */
export async function loadAddressKeys(db: Db): Promise<AddressKeyOf> {
  const { address_pepper } = await db.selectFrom('installation').select('address_pepper').executeTakeFirstOrThrow()
  return addressKeys(address_pepper)
}
