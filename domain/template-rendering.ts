import { Context, type Liquid } from 'liquidjs'

type Variables = Readonly<Record<string, unknown>>

/** One rendering of a template: what its holes have in common. */
export class Rendering {
  readonly #liquid: Liquid
  readonly #given: object
  #context: Context | null = null

  constructor(liquid: Liquid, given: object) {
    this.#liquid = liquid
    this.#given = given
  }

  /**
   * liquidjs's own: the variables that tags assign, and the limits. Its filters look for it under this name. Made when
   * somebody asks, for it costs as much as filling a hole or two, and many templates do without.
   */
  get context(): Context {
    // A copy: `increment` and `decrement` write into the scope they are given.
    this.#context ??= new Context({ ...this.#given }, this.#liquid.options, { sync: true }, { liquid: this.#liquid })
    return this.#context
  }

  /** At the top level of a template there are two scopes: what it assigned itself hides what it was given. */
  variable(name: string): unknown {
    const assigned: Variables | undefined = this.#context?.bottom()
    if (assigned !== undefined && name in assigned) return assigned[name]
    const given = (this.#context?.environments ?? this.#given) as Variables
    return Object.hasOwn(given, name) ? given[name] : this.context.getSync([name])
  }
}
