import { beforeAll, describe, expect, it } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { ed25519Key, rsaKey } from '../setup/dkim-keys.ts'

let addressee: Addressee

beforeAll(async () => {
  const { url } = await createDatabase()
  addressee = new Addressee({ databaseUrl: url })
  atEnd(() => addressee.close())
})

const create = (key: string, privateKey: string) =>
  addressee.resources.create({
    key,
    name: 'Acme',
    fromName: 'Acme',
    fromAddress: 'news@acme.example',
    listLabel: 'Acme News',
    listId: `${key}.acme.example`,
    dkim: { domain: 'acme.example', selector: 's1', privateKey },
  })

describe('a resource that signs', () => {
  it('with RSA is created without a word', async () => {
    expect(await create('rsa', rsaKey().privateKey)).toMatchObject({ created: true, warnings: [] })
  })

  it('with Ed25519 is created with a warning: not every receiver knows it', async () => {
    const { created, warnings } = await create('ed25519', ed25519Key().privateKey)
    expect(created).toBe(true)
    expect(warnings).toEqual([expect.stringMatching(/^dkim\.privateKey is an Ed25519 key: /)])
  })

  it('with a key that receivers must not trust is refused', async () => {
    await expect(create('short', rsaKey(512).privateKey)).rejects.toThrow(
      'dkim.privateKey: an RSA key for DKIM has at least 1024 bits (RFC 8301), and this one has 512. Make one of 2048 bits.',
    )
    expect((await addressee.resources.list()).map(({ key }) => key)).not.toContain('short')
  })
})
