import { BlockList, isIP } from 'node:net'

/** Who asked: an address that Postgres takes, or null when it is not known. */
export type ClientAddress = (socketAddress: string | undefined, forwardedFor: string | undefined) => string | null

/**
 * The address that a request came from. `X-Forwarded-For` is whatever the asker wrote, and each proxy adds the one that
 * it was asked by at the end: so it is read from the end, as long as what reports is one of our own proxies.
 * @param trusted addresses and ranges (CIDR) of proxies of ours.
 */
export function clientAddressBehind(trusted: readonly string[]): ClientAddress {
  const proxies = listOf(trusted)
  const isProxy = (address: string): boolean => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return (socketAddress, forwardedFor) => {
    let address = plainAddress(socketAddress ?? '')
    const hops = trusted.length === 0 ? [] : (forwardedFor ?? '').split(',')
    while (address !== null && isProxy(address)) {
      const hop = plainAddress(hops.pop() ?? '')
      // Nothing more that can be believed: the last proxy that we know is what is known.
      if (hop === null) break
      address = hop
    }
    return address
  }
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/**
 * IPv4 as such where the socket speaks IPv6, without the zone, which Postgres does not take, and without the port that
 * some proxies add. Null for what is no address.
 */
function plainAddress(written: string): string | null {
  const address = written
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '')
  return isIP(address) === 0 ? null : address
}
