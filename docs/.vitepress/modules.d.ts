/** The local search index, which VitePress makes. */
declare module '@localSearchIndex' {
  const index: Readonly<Record<string, () => Promise<{ readonly default: string }>>>
  export default index
}
