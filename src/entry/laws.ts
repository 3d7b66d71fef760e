/**
 * The laws of SpikingResformer, for any implementation: hand over kernels, learn which laws hold.
 *
 * @example
 * import { laws, runLaws, table } from 'spikingresformer/laws'
 *
 * const add = (a, b) => ({ shape: a.shape, data: a.data.map((x, i) => x + b.data[i]) })
 * console.log(table(runLaws({ kernels: { add } }, laws)))
 * @module spikingresformer/laws
 */
import type { Law } from '../laws/law.js'
import { borderLaws } from '../laws/model/borders.js'
import { dssaLaws } from '../laws/model/dssa.js'
import { feedForwardLaws } from '../laws/model/feed-forward.js'
import { networkLaws } from '../laws/model/network.js'
import { scaleLaws } from '../laws/model/scales.js'
import { fireLaws } from '../laws/operations/fire.js'
import { fireTimeLaws } from '../laws/operations/fire-time.js'
import { headLaws } from '../laws/operations/head.js'
import { layoutLaws } from '../laws/operations/layout.js'
import { productLaws } from '../laws/operations/products.js'
import { pureLaws } from '../laws/operations/pure.js'
import { stemLaws } from '../laws/operations/stem.js'
import { synapseLaws } from '../laws/operations/synapse.js'
import { scaleInvarianceLaws } from '../laws/theorems/invariance.js'
import { spikeOnlyLaws } from '../laws/theorems/spike-only.js'

export { parseExpectations } from '../laws/expectations.js'
export * as given from '../laws/given.js'
export { rows, runLaws, seedOf, select, unexpected } from '../laws/judge.js'
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
} from '../laws/law.js'
export { law, version } from '../laws/law.js'
export { lawList, markdown, showCase, summary, table, toJson } from '../laws/report.js'

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
