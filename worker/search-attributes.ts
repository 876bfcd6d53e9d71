import type { NativeConnection } from '@temporalio/worker'
import { Refusal } from '../domain/refusal.ts'
import { searchAttributes } from '../workflows/contract.ts'

// temporal.api.enums.v1.IndexedValueType
const typeCodes = { KEYWORD: 2, INT: 3, DATETIME: 6, KEYWORD_LIST: 7 } as const

/** A real cluster spreads a new attribute to its caches within a minute; a dev server at once. */
const patienceMs = 90_000
const pollMs = 1000

/**
 * Registers the search attributes that workflows set, and waits until the server knows them. Registering one that
 * exists is accepted silently whatever its type: so they are read back.
 * @throws Refusal when one is registered under another type.
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const missing = await missingAttributes(connection, namespace)
  if (missing.length === 0) return
  const wanted = Object.fromEntries(missing.map((name) => [name, typeCodes[searchAttributes[name]]]))
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: wanted })
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(pollMs))
    if ((await missingAttributes(connection, namespace)).length === 0) return
  throw new Error(`Temporal did not take up the search attributes ${missing.join(', ')} within ${patienceMs / 1000} s`)
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

type Name = keyof typeof searchAttributes

async function missingAttributes(connection: NativeConnection, namespace: string): Promise<Name[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
  const names = Object.keys(searchAttributes) as Name[]
  for (const name of names) refuseOtherType(name, customAttributes[name])
  return names.filter((name) => customAttributes[name] === undefined)
}

function refuseOtherType(name: Name, code: number | undefined): void {
  if (code === undefined || code === typeCodes[searchAttributes[name]]) return
  throw new Refusal({
    field: `search attribute ${name}`,
    rule: `is registered in Temporal under another type than ${searchAttributes[name]}`,
    remedy: 'Use a namespace of its own for addressee (TEMPORAL_NAMESPACE), or remove the attribute there.',
  })
}
