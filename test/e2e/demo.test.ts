import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { expect, test } from 'vitest'
import { freePort } from '../../dev/free-port.ts'
import { findLinks } from '../../dev/links.ts'
import { startMailCatcher } from '../../dev/mail-catcher/catcher.ts'
import { ensureAcme } from '../../dev/sample/acme.ts'
import { atEnd } from '../setup/at-end.ts'
import { createInstallation } from '../setup/installation.ts'

test('what an earlier demo made becomes what it is meant to be, and what else was set stays', async () => {
  const { addressee } = await createInstallation()
  const { resources, categories, fields } = addressee
  await resources.create({
    key: 'acme',
    name: 'Acme',
    fromName: 'Acme News',
    fromAddress: 'news@acme.example',
    listLabel: 'Acme News',
    listId: 'news.acme.example',
    trackingDomain: 'links.acme.example',
  })
  await categories.create({ resource: 'acme', title: 'News' })
  await ensureAcme(addressee)
  await ensureAcme(addressee)
  expect(await resources.get('acme')).toMatchObject({
    unsubscribeMode: 'delayed',
    unsubscribeTimerSeconds: 120,
    trackingDomain: 'links.acme.example',
  })
  const listed = await categories.list({ resource: 'acme' })
  expect(listed.map(({ key }) => key).toSorted()).toEqual(['account-notices', 'events', 'news', 'offers', 'staff'])
  expect(listed.find(({ key }) => key === 'news')?.description).toBe('What is new, once a month')
  expect(await fields.list('acme')).toHaveLength(1)
  await resources.delete('acme')
  await expect(ensureAcme(addressee)).rejects.toThrow(/resource acme was deleted/)
})

test('the links of a recipient are those of the newest mail', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'addressee-demo-'))
  const [smtpPort, inboxPort] = [await freePort(), await freePort()]
  const catcher = await startMailCatcher({ folder, smtpPort, inboxPort })
  atEnd(async () => {
    await catcher.stop()
    await rm(folder, { recursive: true })
  })
  const links = { temporalUi: 'http://ui', inbox: `http://127.0.0.1:${inboxPort}`, database: '', smtp: '' }
  const find = () => findLinks({ links, env: { ADDRESSEE_HTTP_ADDRESS: '127.0.0.1:8080' } })
  expect(await find()).toMatchObject({ unsubscribePage: null, preferencePage: null })
  const transport = createTransport({ host: '127.0.0.1', port: smtpPort })
  const mail = { from: 'news@acme.test', to: 'ada@x.test', subject: 'Hello', text: 'Choose: http://edge/p/a_b-c\nBye' }
  await transport.sendMail({
    ...mail,
    headers: { 'List-Unsubscribe': '<http://edge/u/a_b-c>, <mailto:news@acme.test>' },
  })
  transport.close()
  expect(await find()).toMatchObject({
    unsubscribePage: 'http://edge/u/a_b-c',
    preferencePage: 'http://edge/p/a_b-c',
    httpApi: 'http://127.0.0.1:8080/v1/openapi.json',
    pendingUnsubscribes: expect.stringContaining('http://ui/namespaces/default/workflows?query=WorkflowType%3D'),
  })
})
