// ONNX Runtime, native and in WebAssembly, with the options it is timed with.

const runtimes = {
  'onnxruntime-node': () => import('onnxruntime-node'),
  // In Node the package's own Node build: the same WebAssembly as onnxruntime-web/wasm, whose threads do not start there.
  'onnxruntime-web': () => import('onnxruntime-web'),
}

/** A function from an image to the outputs, by name, of an ONNX file on the named runtime. */
export const sessionOf = async (name, bytes, { threads, spinning }) => {
  const ort = await runtimes[name]()
  if (name === 'onnxruntime-web') ort.env.wasm.numThreads = threads
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [name === 'onnxruntime-web' ? 'wasm' : 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
  })
  return ({ shape, data }) => session.run({ [session.inputNames[0]]: new ort.Tensor('float32', data, shape) })
}
