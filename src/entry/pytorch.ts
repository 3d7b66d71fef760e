/**
 * PyTorch checkpoints, read without Python and without executing anything.
 *
 * @module spikingresformer/pytorch
 */
export * from '../checkpoint/pytorch.js'
