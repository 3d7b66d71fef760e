/** The module of training: a step's forward and backward kernels, each of one unit, over an imported memory. */
export { synapse } from './training/contract'
export { toInputs } from './training/inputs'
export { joinShares, toWeights } from './training/weights'
export { packForward, packBackward, packRows, joinRows } from './training/pack'
export { moments, joinMoments, affine, cotangentSums, joinSums, normBack } from './training/norm'
export { fire, fireBack, joinLeak } from './training/neuron'
export { countSpikes, joinRates, product, productBack } from './training/products'
export { stem, stemWeights, pool, poolBack, add, sumSteps, mean, meanBack, classify, classifyBack, classifyWeights } from './training/reals'
