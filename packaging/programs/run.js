import './page.js'

console.log(JSON.stringify(await globalThis.runAll()))
