const idsPerPage = 32_768

export interface SeenContacts {
  /** @returns whether the id is met for the first time. */
  add: (id: string) => boolean
}

/** Remembers contacts at one bit each, so that a file of any size can say which rows repeat a contact. */
export function seenContacts(): SeenContacts {
  const pages = new Map<number, Uint8Array>()
  return {
    add: (id) => {
      const number = Number(id)
      const at = Math.floor(number / idsPerPage)
      const page = pages.get(at) ?? new Uint8Array(idsPerPage / 8)
      pages.set(at, page)
      const index = (number % idsPerPage) >> 3
      const bit = 1 << (number & 7)
      const isNew = ((page[index] ?? 0) & bit) === 0
      page[index] = (page[index] ?? 0) | bit
      return isNew
    },
  }
}
