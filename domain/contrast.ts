/** What can be read on any colour: white, and where it is too light for that, black. One of them always reaches 4.58:1. */
export const inkOn = (colour: string): '#ffffff' | '#000000' =>
  contrastOf('#ffffff', colour) >= leastContrast ? '#ffffff' : '#000000'

/** WCAG 2.2, 1.4.3 (AA), for text of any size. */
export const leastContrast = 4.5

/** The ratio of two colours written as `#rrggbb`, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrastOf(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminanceOf(one), luminanceOf(other)].toSorted((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
    linear(Number.parseInt(colour.slice(at, at + 2), 16) / 255),
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Out of sRGB's curve. */
const linear = (share: number): number => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4)
