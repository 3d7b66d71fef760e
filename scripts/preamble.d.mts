/** The entry point that has a name, and whether it is a type; undefined where none has it. */
export type Exporter = (name: string) => { readonly entry: string; readonly type: boolean } | undefined
export declare const preambleOf: (text: string, exported: Exporter) => string
