/** The unsubscribe page of one recipient of the newest mail that has one, as a recipient would find it; or null. */
export async function findUnsubscribeLink(inbox: string): Promise<string | null> {
  const { messages } = (await getJson(`${inbox}/api/messages?limit=1`)) as { messages: { id: number }[] }
  const newest = messages[0]
  if (newest === undefined) return null
  const mail = (await getJson(`${inbox}/api/messages/${newest.id}`)) as { headers: { name: string; value: string }[] }
  const header = mail.headers.find(({ name }) => name.toLowerCase() === 'list-unsubscribe')
  return /<(https?:[^>]+)>/.exec(header?.value ?? '')?.[1] ?? null
}

const getJson = async (url: string): Promise<unknown> => await (await fetch(url)).json()
