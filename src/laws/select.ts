/** Laws by the patterns of their names; without what judges, so that they can be listed alone. @module */

/**
 * The laws whose id matches one of the patterns, in which `*` stands for anything.
 *
 * @example
 * select('add.*', 'fire.tie')(laws).map(({ id }) => id).includes('fire.tie') // => true
 */
export const select = (
  ...patterns: readonly string[]
): (<L extends { readonly id: string }>(laws: readonly L[]) => readonly L[]) => {
  const whole = patterns.map((pattern) => {
    const literal = pattern.split('*').map((part) => part.replace(/[^\w]/g, '\\$&'))
    return new RegExp(`^${literal.join('.*')}$`)
  })
  return (laws) => laws.filter(({ id }) => whole.some((pattern) => pattern.test(id)))
}
