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
export { laws } from '../laws/all.js'
export type { Budgets, Dyadic } from '../laws/budget.js'
export { parseExpectations } from '../laws/expectations.js'
export * as given from '../laws/given.js'
export type { Derivative, How, Named } from '../laws/gradient/derivative.js'
export { differentiated, pushedForward } from '../laws/gradient/differentiate.js'
export type { Carriers, Implementation, Operation, Operations } from '../laws/implementation.js'
export { misnamed } from '../laws/implementation.js'
export { anyJudged, rows, runLaws, seedOf, unexpected } from '../laws/judge.js'
export type {
  About,
  Expectation,
  Expectations,
  Failure,
  Law,
  LawDefinition,
  Level,
  Options,
  Row,
  Verdict,
} from '../laws/law.js'
export { law, version } from '../laws/law.js'
export {
  junit,
  type Listed,
  lawList,
  levels,
  levelText,
  markdown,
  type Reached,
  showCase,
  summary,
  table,
  toJson,
} from '../laws/report.js'
export { select } from '../laws/select.js'
export type { Reread } from '../laws/translation.js'
