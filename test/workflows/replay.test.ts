import { readdir, readFile } from 'node:fs/promises'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import { expect, inject, test } from 'vitest'
import * as workflows from '../../workflows/index.ts'
import { quietRuntime } from '../setup/quiet-runtime.ts'

// Histories that earlier versions of the workflows wrote. Today's code must be able to take each of them up where it
// stands: a campaign that is running when a new version is deployed goes on. `npm run record` records them anew.

const folder = new URL('../histories/', import.meta.url)

async function histories(): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(new URL(name, folder), 'utf8') })))
}

test('every recorded history replays', async () => {
  quietRuntime()
  const recorded = (await histories()).map(({ name, text }) => ({
    workflowId: name,
    history: historyFromJSON(JSON.parse(text)),
  }))
  const replayed: string[] = []
  const bundle = { codePath: inject('workflowBundlePath') }
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: bundle }, recorded)) {
    expect(error, workflowId).toBeUndefined()
    replayed.push(workflowId)
  }
  expect(replayed.toSorted()).toEqual(recorded.map((each) => each.workflowId).toSorted())
  expect(replayed).toContain('campaign--continued-run-2.json')
})

test('every workflow has a recorded history', async () => {
  const recorded = new Set((await histories()).map(({ name }) => name.split('--')[0]))
  expect([...recorded].toSorted()).toEqual(Object.keys(workflows).toSorted())
})

test('no history holds an e-mail address', async () => {
  for (const { name, text } of await histories()) {
    const payloads = [...text.matchAll(/"data": ?"([^"]*)"/g)].map(([, data]) =>
      Buffer.from(data ?? '', 'base64').toString(),
    )
    expect(payloads.length, name).toBeGreaterThan(2)
    expect(
      payloads.filter((payload) => /[^\s"]@[^\s"]/.test(payload)),
      name,
    ).toEqual([])
  }
})
