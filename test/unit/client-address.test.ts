import { expect, test } from 'vitest'
import { clientAddressBehind } from '../../http/client-address.ts'

const direct = clientAddressBehind([])
const behind = clientAddressBehind(['10.0.0.0/8', '192.0.2.1', 'fd00::/8'])

test.each([
  ['nothing forwarded', '203.0.113.5', undefined, '203.0.113.5'],
  ['spoofed by whoever asks us directly', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
  ['by a proxy', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['by a proxy, behind a header that its client wrote', '10.1.2.3', '127.0.0.1, 198.51.100.1', '198.51.100.1'],
  ['by two proxies', '192.0.2.1', '127.0.0.1, 198.51.100.1, 10.9.9.9', '198.51.100.1'],
  ['of proxies alone: the farthest', '10.1.2.3', '10.7.7.7, 192.0.2.1', '10.7.7.7'],
  ['garbage from a proxy: the proxy', '10.1.2.3', 'unknown', '10.1.2.3'],
  ['garbage before what a proxy saw', '10.1.2.3', "'; drop table--, 198.51.100.1", '198.51.100.1'],
  ['an empty header', '10.1.2.3', '', '10.1.2.3'],
  ['commas alone', '10.1.2.3', ',,,', '10.1.2.3'],
  ['with a port', '10.1.2.3', '198.51.100.1:50000', '198.51.100.1'],
  ['IPv6 in brackets, with a port', '10.1.2.3', '[2001:db8::1]:50000', '2001:db8::1'],
  ['IPv4 written as IPv6, on either side', '::ffff:10.1.2.3', '::ffff:198.51.100.1', '198.51.100.1'],
  ['an IPv6 proxy', 'fd00::1', '2001:db8::1', '2001:db8::1'],
  ['with a zone', 'fe80::1%eth0', undefined, 'fe80::1'],
  ['no socket', undefined, '198.51.100.1', null],
])('%s', (_, socket, forwarded, expected) => {
  expect(behind(socket, forwarded)).toBe(expected)
})

test('without proxies the header is never looked at', () => {
  expect(direct('10.1.2.3', '198.51.100.1')).toBe('10.1.2.3')
})
