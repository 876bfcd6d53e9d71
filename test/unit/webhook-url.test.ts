import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Refusal } from '../../domain/refusal.ts'
import { isSpecialAddress } from '../../domain/special-address.ts'
import { checkWebhookUrl, webhookTitle, whyForbidden } from '../../domain/webhook-url.ts'

test.each([
  ['loopback', '127.0.0.1', '127.255.255.255', '::1'],
  ['any host', '0.0.0.0', '0.1.2.3', '::'],
  ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1'],
  ['shared', '100.64.0.1', '100.127.255.255'],
  ['link-local, with the metadata of clouds', '169.254.169.254', 'fe80::1', 'febf::1', 'fe80::1%eth0'],
  ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  ['benchmarks', '198.18.0.1', '198.19.255.255', '2001:2::1'],
  ['multicast, reserved, broadcast', '224.0.0.1', '240.0.0.1', '255.255.255.255', 'ff02::1'],
  ['IPv4 in IPv6', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:a9fe:a9fe', '::127.0.0.1'],
  ['translated', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1'],
  ['6to4 and Teredo', '2002:a9fe:a9fe::', '2001:0:a9fe:a9fe::', '192.88.99.1'],
  ['no address', '', 'localhost', '127.1', '999.1.1.1', '1::2::3'],
])('%s is nothing to call', (_, ...addresses) => {
  expect(addresses.filter((address) => !isSpecialAddress(address))).toEqual([])
})

test.each(['8.8.8.8', '1.1.1.1', '100.63.255.255', '172.32.0.1', '223.255.255.255', '2606:4700::1111', '2a00::1'])(
  '%s is a public host',
  (address) => expect(isSpecialAddress(address)).toBe(false),
)

test('whatever IPv4 address is private, so is every IPv6 address that stands for it', () => {
  const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
  fc.assert(
    fc.property(octets, (each) => {
      const hex = each.map((octet) => octet.toString(16).padStart(2, '0'))
      const groups = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`
      for (const form of [`::ffff:${groups}`, `64:ff9b::${groups}`, `2002:${groups}::1`, `::${groups}`])
        expect(isSpecialAddress(form), form).toBe(true)
    }),
  )
})

test.each([
  ['http://shop.example/hook', 'must begin with https://'],
  ['javascript:alert(1)', 'must begin with https://'],
  ['file:///etc/passwd', 'must begin with https://'],
  ['shop.example/hook', 'must be a URL of at most 2000 characters'],
  ['', 'must be a URL of at most 2000 characters'],
  [`https://shop.example/${'a'.repeat(2000)}`, 'must be a URL of at most 2000 characters'],
  ['https://ada:secret@shop.example/', 'must hold no user name and no password'],
  ['https://127.0.0.1/', 'must not lead to a private or local address'],
  // Ways to write 127.0.0.1 and 169.254.169.254.
  ['https://2130706433/', 'must not lead to a private or local address'],
  ['https://0x7f.1/', 'must not lead to a private or local address'],
  ['https://0251.0376.0251.0376/', 'must not lead to a private or local address'],
  ['https://[::ffff:169.254.169.254]/', 'must not lead to a private or local address'],
  ['https://１２７.0.0.1/', 'must not lead to a private or local address'],
])('%s: %s', (url, why) => {
  expect(whyForbidden(url, 'refuse')).toBe(why)
  expect(() => checkWebhookUrl(url, 'url', 'refuse')).toThrow(Refusal)
})

test('private addresses and http are for those who allow them; anything else is not', () => {
  expect(whyForbidden('http://127.0.0.1:3000/hook', 'allow')).toBeNull()
  expect(whyForbidden('ftp://127.0.0.1/', 'allow')).toBe('must begin with https://')
  expect(whyForbidden('http://ada:secret@localhost/', 'allow')).toBe('must hold no user name and no password')
})

test('a refusal names the field; a good URL comes back as it is called', () => {
  expect(() => checkWebhookUrl('https://10.0.0.1', 'calledUrl', 'refuse')).toThrow(/^calledUrl: must not lead/)
  expect(checkWebhookUrl('HTTPS://Shop.Example/Hook?a=b', 'url', 'refuse')).toBe('https://shop.example/Hook?a=b')
})

test('what people read of a webhook holds nothing of its path', () => {
  const hook = { id: '7', url: 'https://hooks.example/T0/secret', description: null }
  expect(webhookTitle(hook)).toBe('webhook 7 to hooks.example')
  expect(webhookTitle({ ...hook, description: 'the shop' })).toBe('webhook 7 to hooks.example: the shop')
})
