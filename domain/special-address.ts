// Lists of addresses and how they are written: it computes, and opens nothing.
// oxlint-disable-next-line no-restricted-imports
import { BlockList, isIP } from 'node:net'

// What no request that somebody else can cause may be sent to: everything that is not an address of one host on the
// public internet (IANA's special-purpose registries, RFC 6890).

const special = new BlockList()
const ipv4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const
for (const [network, prefix] of ipv4) special.addSubnet(network, prefix, 'ipv4')
// Inside of what is public: protocol assignments with Teredo and benchmarks, documentation twice, 6to4.
const ipv6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const
for (const [network, prefix] of ipv6) special.addSubnet(network, prefix, 'ipv6')

// Of IPv6 all that is handed out lies here. Outside are loopback, fe80::/10, fc00::/7, multicast, and the forms that
// stand for an IPv4 address: ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48.
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')

/** Whether an IP address is private, local, or otherwise no public host. What is no IP address at all counts as such. */
export function isSpecialAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return special.check(address, 'ipv4')
    case 6:
      return !globalUnicast.check(address, 'ipv6') || special.check(address, 'ipv6')
    default:
      return true
  }
}
