/** A digit as text, for the address: 64 letters, a is paper and q is ink. @module */

export const toText = (values: readonly number[]): string =>
  values.map((value) => String.fromCharCode(97 + Math.min(16, Math.max(0, Math.round(value))))).join('')

/** The 64 values; what is no letter from a to q is paper. */
export const fromText = (text: string): readonly number[] =>
  Array.from({ length: 64 }, (_, i) => {
    const value = text.charCodeAt(i) - 97
    return value >= 0 && value <= 16 ? value : 0
  })
