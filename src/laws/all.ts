/** Every law there is. @module */
import { bitLaws } from './bits/laws.js'
import type { Budgets } from './budget.js'
import { budgets as valueBudgets } from './given.js'
import { partBudgets } from './given-model.js'
import { networkBudgets } from './given-network.js'
import { gradientLaws } from './gradient/laws.js'
import type { Law } from './law.js'
import { borderLaws } from './model/borders.js'
import { dssaLaws } from './model/dssa.js'
import { feedForwardLaws } from './model/feed-forward.js'
import { networkLaws } from './model/network.js'
import { scaleLaws } from './model/scales.js'
import { partSizeBudgets, partSizeLaws } from './model/sizes.js'
import { fireLaws } from './operations/fire.js'
import { fireTimeLaws } from './operations/fire-time.js'
import { headBudgets, headLaws } from './operations/head.js'
import { layoutLaws } from './operations/layout.js'
import { productBudgets, productLaws } from './operations/products.js'
import { pureLaws } from './operations/pure.js'
import { sizeBudgets, sizeLaws } from './operations/sizes.js'
import { stemBudgets, stemLaws } from './operations/stem.js'
import { synapseLaws } from './operations/synapse.js'
import { scaleInvarianceLaws } from './theorems/invariance.js'
import { spikeOnlyLaws } from './theorems/spike-only.js'

/** Every law, those others build on first. */
export const laws: readonly Law[] = [
  ...fireLaws,
  ...fireTimeLaws,
  ...synapseLaws,
  ...productLaws,
  ...layoutLaws,
  ...stemLaws,
  ...headLaws,
  ...sizeLaws,
  ...pureLaws,
  ...scaleLaws,
  ...scaleInvarianceLaws,
  ...dssaLaws,
  ...feedForwardLaws,
  ...partSizeLaws,
  ...networkLaws,
  ...spikeOnlyLaws,
  ...gradientLaws,
  ...borderLaws,
  ...bitLaws,
]

/** The most that the cases come to: each fits the 24 bits of float32, so that every sum is exact. */
export const budgets: Budgets = {
  ...valueBudgets,
  ...partBudgets,
  ...networkBudgets,
  ...headBudgets,
  ...stemBudgets,
  ...productBudgets,
  ...sizeBudgets,
  ...partSizeBudgets,
}
