import { inkOn } from '../../domain/contrast.ts'

const style = `
.brand { margin: calc(-1 * clamp(1.5rem, 6vw, 2.75rem)) calc(-1 * clamp(1.5rem, 6vw, 2.75rem)) 1.75rem; padding: .9rem clamp(1.5rem, 6vw, 2.75rem); border-radius: .7rem .7rem 0 0; border-bottom: 1px solid var(--line); background: var(--brand, var(--act)); color: var(--on-brand, var(--on-act)); font-weight: 600 }
.said { padding: .8rem 1rem; border-inline-start: 4px solid var(--act); background: var(--paper) }
fieldset { margin: 1.5rem 0 0; padding: 0; border: 0; min-width: 0 }
legend { padding: 0; font-weight: 600 }
.choice { display: grid; grid-template-columns: auto 1fr; gap: 0 .85rem; padding: .85rem 0; border-bottom: 1px solid var(--line); cursor: pointer }
.choice:last-child { border-bottom: 0 }
.choice input { width: 1.35rem; height: 1.35rem; margin: .1rem 0 0; accent-color: var(--act) }
.choice input:focus-visible, .typed input:focus-visible, a:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
.choice b, .typed b { font-weight: 600 }
.choice small { grid-column: 2; color: var(--soft); font-size: .9375rem }
.choice small bdi { display: block }
.locked, fieldset:disabled .choice { cursor: default }
fieldset:disabled .typed input { background: var(--paper); color: var(--soft) }
.typed { display: block; padding: .85rem 0 0 }
.typed input { display: block; width: 100%; min-height: 3rem; margin-top: .3rem; padding: .5rem .75rem; border: 1px solid var(--soft); border-radius: .5rem; background: var(--card); color: var(--ink); font: inherit }
.typed small { color: var(--soft) }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.75rem }
.plain { background: transparent; color: var(--act); box-shadow: inset 0 0 0 2px var(--act) }
.changes li { font-weight: 400 }
`

/** The style of pages in the colour of a resource: it fills a band on which its name can be read. */
export const brandedStyle = (colour: string | null): string =>
  colour === null ? style : `${style}:root { --brand: ${colour}; --on-brand: ${inkOn(colour)} }\n`
