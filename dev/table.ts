/** Two aligned columns; numbers stand to the right, with their thousands apart. */
export function table(rows: [label: string, value: string | number][]): string {
  const cells = rows.map(([label, value]) => ({ label, value, text: value.toLocaleString('en-US') }))
  const labels = Math.max(...cells.map(({ label }) => label.length))
  const numbers = Math.max(...cells.map(({ value, text }) => (typeof value === 'number' ? text.length : 0)))
  return cells
    .map(({ label, value, text }) => {
      return `  ${label.padEnd(labels)}  ${typeof value === 'number' ? text.padStart(numbers) : text}`
    })
    .join('\n')
}
