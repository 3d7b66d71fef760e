/**
 * The laws of SpikingResformer, for any implementation: hand over kernels, learn which laws hold.
 *
 * @example
 * import { laws, runLaws, table } from 'spikingresformer/laws'
 *
 * const add = (a, b) => ({ shape: a.shape, data: a.data.map((x, i) => x + b.data[i]) })
 * console.log(table(runLaws({ kernels: { add } }, laws)))
 * @module
 */
import type { Law } from './law.js'
import { borderLaws } from './model/borders.js'
import { dssaLaws } from './model/dssa.js'
import { feedForwardLaws } from './model/feed-forward.js'
import { networkLaws } from './model/network.js'
import { scaleLaws } from './model/scales.js'
import { fireLaws } from './operations/fire.js'
import { fireTimeLaws } from './operations/fire-time.js'
import { headLaws } from './operations/head.js'
import { layoutLaws } from './operations/layout.js'
import { productLaws } from './operations/products.js'
import { pureLaws } from './operations/pure.js'
import { stemLaws } from './operations/stem.js'
import { synapseLaws } from './operations/synapse.js'
import { scaleInvarianceLaws } from './theorems/invariance.js'
import { spikeOnlyLaws } from './theorems/spike-only.js'

export { parseExpectations } from './expectations.js'
export * as given from './given.js'
export type {
  Carriers,
  Expectation,
  Expectations,
  Failure,
  Implementation,
  Law,
  LawDefinition,
  Operation,
  Operations,
  Options,
  Row,
  Verdict,
} from './law.js'
export { law, version } from './law.js'
export { lawList, markdown, showCase, summary, table, toJson } from './report.js'
export { rows, runLaws, seedOf, select, unexpected } from './run.js'

/** Every law, those others build on first. */
export const laws: readonly Law[] = [
  ...fireLaws,
  ...fireTimeLaws,
  ...synapseLaws,
  ...productLaws,
  ...layoutLaws,
  ...stemLaws,
  ...headLaws,
  ...pureLaws,
  ...scaleLaws,
  ...scaleInvarianceLaws,
  ...dssaLaws,
  ...feedForwardLaws,
  ...networkLaws,
  ...spikeOnlyLaws,
  ...borderLaws,
]
