/** The pages of one recipient, as the newest mail leads to them; null where none does. */
export interface RecipientLinks {
  unsubscribePage: string | null
  preferencePage: string | null
}

interface Mail {
  headers: { name: string; value: string }[]
  text: string | null
}

export async function findRecipientLinks(inbox: string): Promise<RecipientLinks> {
  const { messages } = (await getJson(`${inbox}/api/messages?limit=1`)) as { messages: { id: number }[] }
  const newest = messages[0]
  if (newest === undefined) return { unsubscribePage: null, preferencePage: null }
  const { headers, text } = (await getJson(`${inbox}/api/messages/${newest.id}`)) as Mail
  const header = headers.find(({ name }) => name.toLowerCase() === 'list-unsubscribe')
  return {
    unsubscribePage: /<(https?:[^>]+)>/.exec(header?.value ?? '')?.[1] ?? null,
    preferencePage: /https?:\S+\/p\/[\w-]+/.exec(text ?? '')?.[0] ?? null,
  }
}

const getJson = async (url: string): Promise<unknown> => await (await fetch(url)).json()
