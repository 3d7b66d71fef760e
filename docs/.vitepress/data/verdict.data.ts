import { reference } from 'spikingresformer'
import { laws, runLaws, select, showCase } from 'spikingresformer/laws'
import type { Judged } from '../figures/laws.worker'
import { presets } from '../figures/presets'

declare const data: Judged

export { data }

/** The judgement of the first preset, for who has no JavaScript. */
export default {
  load: async (): Promise<Judged> => {
    const [{ code, laws: pattern } = presets[0]!] = presets
    const { kernels } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      readonly kernels: object
    }
    const rows = runLaws({ kernels: { ...reference('float64'), ...kernels } }, select(pattern)(laws))
    return {
      rows: rows.map((row) => ({
        id: row.id,
        statement: row.statement,
        status: row.status,
        text:
          row.status === 'fail'
            ? `${row.sentence}\nsmallest case: ${showCase(row.counterexample)}\nreplay: --only '${row.id}' --seed ${row.seed} --path ${row.path}`
            : '',
      })),
      owed: null,
    }
  },
}
